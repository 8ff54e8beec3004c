import type { Random } from '../support/random';
import type { World } from './world';

/** A file at rest gets a bit turned, loses its end, is written twice, or appears under a name that is not its own. */
export function damageFiles(world: World, random: Random): void {
  const [first, ...others] = world.named.paths;
  if (first === undefined || random.chance(0.4)) return;
  const path = random.pick([first, ...others]);
  world.excuse(
    'hub.digest',
    'hub.batchDiffers',
    'hub.segmentDamaged',
    'hub.answer',
    'batch.corrupt',
    'batch.truncated',
    'batch.foreign',
    'session.siteRestored',
  );
  const kind = random.pick(['bit', 'end', 'twice', 'name'] as const);
  world.tell(`${path} is damaged: ${kind}`);
  switch (kind) {
    case 'bit':
      world.named.damage(path, (data) => turned(data, random.below(Math.max(1, data.length * 8))));
      break;
    case 'end':
      world.named.damage(path, (data) => data.subarray(0, random.below(data.length)));
      break;
    case 'twice':
      world.named.damage(path, (data) => Buffer.concat([data, data]));
      break;
    case 'name':
      world.named.duplicate(path, nextName(path));
      break;
  }
}

function turned(data: Buffer, bit: number): Buffer {
  const copy = Buffer.from(data);
  const at = Math.floor(bit / 8);
  if (at < copy.length) copy.writeUInt8((copy[at] ?? 0) ^ (1 << (bit % 8)), at);
  return copy;
}

/** The name of the batch after this one. */
const nextName = (path: string): string =>
  path.replace(
    /(\d+)\.batch$/,
    (_, number: string) => `${String(Number(number) + 1).padStart(6, '0')}.batch`,
  );
