import { BLOCK_CHANGES, type Block, type Change, type Value } from '../../src/batch/block';

const FIRST_NAMES =
  'Marie Jean Claire Luc Inès Hugo Zoé Paul Léa Noé Anne Éric Jade Adam Nina Yves Rose Théo Lina Marc';
const SYLLABLES =
  'du mar bel tin ro ger pe fau le clerc mo reau be ra gar nier che va lam bon fer nan dez pru vost';
const CITIES =
  'Lyon Paris Brest Nantes Lille Rennes Metz Pau Dijon Tours Nice Toulon Angers Caen Nîmes Reims';
const COLUMNS = ['id', 'last_name', 'first_name', 'city', 'points', 'balance', 'birth_date', 'updated_at'];

/** Numbers from 0 to `limit` - 1 that are the same at each run. */
export function makeRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** `count` member rows of eight columns, as a shop's members look: names, a town, points, an amount, dates. */
export function* memberRows(count: number): Generator<Value[]> {
  const random = makeRandom(42);
  const pick = (words: string): string => words.split(' ')[random(words.split(' ').length)] ?? '';
  const two = (value: number): string => String(value).padStart(2, '0');
  let second = 0;
  for (let i = 0; i < count; i++) {
    second += random(30);
    const updated = new Date(1_760_000_000_000 + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const name = pick(SYLLABLES) + pick(SYLLABLES) + (random(2) === 0 ? pick(SYLLABLES) : '');
    yield [
      BigInt(i + 1),
      name.charAt(0).toUpperCase() + name.slice(1),
      pick(FIRST_NAMES),
      pick(CITIES),
      BigInt(random(10) === 0 ? random(5000) : 0),
      random(4) === 0 ? `${random(500)}.${two(random(100))}` : '0.00',
      `${1940 + random(65)}-${two(1 + random(12))}-${two(1 + random(28))}`,
      updated,
    ];
  }
}

/** The rows as changes, a block as large as the product makes them. */
export function blocksOf(rows: readonly Value[][]): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < rows.length; at += BLOCK_CHANGES)
    blocks.push(memberBlock(rows.slice(at, at + BLOCK_CHANGES), at));
  return blocks;
}

function memberBlock(rows: readonly Value[][], from: number): Block {
  return {
    table: 'member',
    columns: COLUMNS,
    keyCount: 1,
    changes: rows.map((values, i): Change => ({
      op: 'U',
      marks: '00001101',
      changedAt: 1_760_000_000_000 + (from + i) * 37,
      base: null,
      values,
    })),
  };
}
