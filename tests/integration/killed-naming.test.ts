/** A session that is killed between a name and its way to the disk: the next one counts on no name that can still go. */
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/port';
import { DAY } from '../../src/session/tidy';
import { Nightly } from '../support/nightly';

const synced = vi.hoisted(() => new Set<string>());
vi.mock(import('../../src/transport/disk'), async (original) => ({
  ...(await original()),
  syncFolder: (path) => {
    synced.add(path);
    return Promise.resolve();
  },
}));

let open: Nightly | null = null;
afterEach(() => open?.close());

/** Folders whose names the session had put on the disk when it began to mark. */
async function syncedBeforeMarking(nightly: Nightly, place: number): Promise<ReadonlySet<string>> {
  let before: ReadonlySet<string> = new Set();
  synced.clear();
  nightly.replaced.set(
    place,
    (database) =>
      new Proxy<Database>(database, {
        get: (target, member) => {
          if (member === 'capture') before = new Set(synced);
          const own: unknown = Reflect.get(target, member, target);
          return typeof own === 'function' ? (own.bind(target) as unknown) : own;
        },
      }),
  );
  await nightly.night();
  return before;
}

test('what bears a name lasts before the next batch or round is marked behind it', async () => {
  const nightly = new Nightly({
    schema: 'CREATE TABLE member (id INTEGER PRIMARY KEY)',
    retention: { changes: 30 * DAY, conflicts: 30 * DAY, reportDays: 30 },
  });
  open = nightly;
  for (const place of [0, 1]) await nightly.add(place);
  nightly.at(1, 'INSERT INTO member VALUES (1)');
  await nightly.night();
  nightly.at(1, 'INSERT INTO member VALUES (2)');
  expect(await syncedBeforeMarking(nightly, 1)).toContain(nightly.paths(1).outbox);
  nightly.at(1, 'INSERT INTO member VALUES (3)');
  expect(await syncedBeforeMarking(nightly, 0)).toContain(join(nightly.paths(0).rounds, '000002'));
});
