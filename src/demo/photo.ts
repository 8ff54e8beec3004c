import type { Random } from './random';

const SIDE = 24;
const HEADER = 54;

/** A member's picture: a small bitmap of coloured squares, symmetrical like a face, that any program opens. */
export function makePhoto(random: Random): Uint8Array {
  const size = HEADER + SIDE * SIDE * 3;
  const photo = Buffer.alloc(size, 0xf0);
  photo.fill(0, 0, HEADER);
  photo.write('BM', 0, 'latin1');
  photo.writeUInt32LE(size, 2);
  photo.writeUInt32LE(HEADER, 10);
  photo.writeUInt32LE(40, 14);
  photo.writeInt32LE(SIDE, 18);
  photo.writeInt32LE(SIDE, 22);
  photo.writeUInt16LE(1, 26);
  photo.writeUInt16LE(24, 28);
  const colour = [random.between(40, 200), random.between(40, 200), random.between(40, 200)];
  for (let cell = 0; cell < 18; cell += 1) {
    if (random.chance(50)) continue;
    const [column, row] = [cell % 3, Math.floor(cell / 3)];
    for (const mirrored of [column, 5 - column]) paintCell(photo, mirrored, row, colour);
  }
  return photo;
}

const CELL = SIDE / 6;

function paintCell(photo: Buffer, column: number, row: number, colour: readonly number[]): void {
  for (let y = row * CELL; y < (row + 1) * CELL; y += 1) {
    for (let x = column * CELL; x < (column + 1) * CELL; x += 1) {
      photo.set(colour, HEADER + (y * SIDE + x) * 3);
    }
  }
}
