import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Block, Change, Value } from '../../src/batch/block';
import type { Contested, Database, MergeTransaction, Unseen } from '../../src/database/port';
import type { DatabaseFixture } from './database';

const HUB = { id: 'the hub', role: 'hub' } as const;
const SITE = { id: 'a site', role: 'site' } as const;
const COLUMNS = ['id', 'name', 'city', 'points'];

/** What every implementation must do where a database begins, and where one is an old copy. */
export function recoveryContract(name: string, makeFixture: () => Promise<DatabaseFixture>): void {
  describe(`starting points and old copies on ${name}`, () => {
    let fixture: DatabaseFixture;
    let database: Database;

    beforeEach(async () => {
      fixture = await makeFixture();
      database = fixture.database;
      await fixture.create('person');
    });
    afterEach(() => fixture.close());

    async function captured(number: number): Promise<(readonly [number, Change])[]> {
      const changes: (readonly [number, Change])[] = [];
      for await (const { origin, block } of database.capture(number, ['person']))
        changes.push(...block.changes.map((change) => [origin, change] as const));
      return changes;
    }

    async function staged<T>(
      changes: readonly Change[],
      work: (transaction: MergeTransaction) => Promise<T>,
    ): Promise<T> {
      await database.stage(streamOf([{ table: 'person', columns: COLUMNS, keyCount: 1, changes }]), {
        clockOffset: 0,
      });
      return database.transaction(work);
    }

    /** What the author of these changes has not seen, as `id: origin marks` of each. */
    const contested = async (unseen: Unseen, ...changes: readonly Change[]): Promise<string[]> => {
      const found = await staged(changes, (transaction) => transaction.contested(unseen));
      return found.map(textOf).sort();
    };

    test('a snapshot holds every row, at the last round that was marked', async () => {
      await database.prepare(HUB);
      await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
      await captured(4);
      await fixture.run(`INSERT INTO person (id, name) VALUES (3, 'Zoé')`, `DELETE FROM person WHERE id = 2`);
      const rows: Change[] = [];
      for await (const { lastMarked, block } of database.snapshot(['person'])) {
        expect([lastMarked, block.table, block.columns, block.keyCount]).toEqual([4, 'person', COLUMNS, 1]);
        rows.push(...block.changes);
      }
      expect(rows.map(({ op, marks, base, values }) => [op, marks, base, ...values])).toEqual([
        ['I', '1111', null, 1n, 'Anne', 'Lyon', 1n],
        ['I', '1111', null, 3n, 'Zoé', null, null],
      ]);
      // What is not published yet stays so.
      expect(await database.pending()).toBe(2);
    });

    test('tables that hold rows are known, prepared or not', async () => {
      expect(await database.occupied()).toEqual(['person']);
      await database.prepare(SITE);
      await fixture.run(`DELETE FROM person`);
      expect(await database.occupied()).toEqual([]);
      expect(await database.pending()).toBe(2);
      await database.transaction((transaction) => transaction.forgetChanges());
      expect(await database.pending()).toBe(0);
    });

    test('numbers are remembered, each by itself, and forgotten by a copy elsewhere', async () => {
      await database.prepare(SITE);
      const lost = { lostAfter: 3, lostBatch: 7, lostRound: 9 };
      await database.transaction(async (transaction) => {
        await transaction.recordNumbers({ lastMarked: 6, ...lost });
        await transaction.recordNumbers({ roundMarks: '7:abcdefgh' });
      });
      expect(await database.state()).toMatchObject({
        lastMarked: 6,
        position: 0,
        ...lost,
        roundMarks: '7:abcdefgh',
      });
      const copy = await fixture.copy();
      await copy.prepare({ id: 'another site', role: 'site' });
      expect(await copy.state()).toMatchObject({ lostAfter: 0, lostBatch: 0, lostRound: 0, roundMarks: '' });
    });

    test('an heir of the same place takes over all of it, until it is known to be another site', async () => {
      await database.prepare(SITE);
      await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
      await captured(1);
      await database.transaction((transaction) =>
        transaction.recordNumbers({ site: 4, position: 7, included: 0 }),
      );
      const copy = await fixture.copy();
      await copy.prepare({ id: 'an heir', role: 'site' });
      const heir = { installation: 'an heir', site: 4, lastMarked: 1, position: 7 };
      expect(await copy.state()).toMatchObject(heir);
      await copy.prepare({ id: 'an heir', role: 'site', site: 4 });
      expect(await copy.state()).toMatchObject(heir);
      expect(await copy.pending()).toBe(0);
      await copy.prepare({ id: 'an heir', role: 'site', site: 5 });
      expect(await copy.state()).toMatchObject({ site: 5, lastMarked: 0, position: 7 });
      expect(await copy.pending()).toBe(1);
    });

    test('what rounds spoke of goes out again to everyone, and who has seen what stays known', async () => {
      await database.prepare(HUB);
      await staged([change('U', '0001', 5, 1n, 'Luc', 'Nice', 5n)], (transaction) =>
        transaction.apply({ at: 'hub', author: 2, base: 0 }).then(() => undefined),
      );
      await captured(1);
      await fixture.run(`UPDATE person SET points = 3 WHERE id = 2`);
      await captured(2);
      await fixture.run(`DELETE FROM person WHERE id = 2`);
      await captured(3);
      await database.transaction((transaction) => transaction.publishAgain(1));
      expect((await captured(4)).map(([origin, { op, values }]) => [origin, op, values[0]])).toEqual([
        [0, 'D', 2n],
      ]);
      await database.transaction((transaction) => transaction.publishAgain(0));
      const again = await captured(5);
      expect(again.map(([origin, { op, values }]) => [origin, op, values[0]])).toEqual([
        [0, 'U', 1n],
        [0, 'D', 2n],
      ]);
      const unseen = (base: number): Promise<string[]> =>
        contested({ at: 'hub', author: 1, base }, change('U', '0001', 9, 1n, 'x', 'y', 9n));
      expect(await unseen(0)).toEqual(['1: 2 0001']);
      expect(await unseen(1)).toEqual([]);
    });

    test('a hub keeps what its sites are called, and how far it has forgotten', async () => {
      await database.prepare(HUB);
      const known = [
        { number: 1, name: 'Lyon', active: true },
        { number: 12, name: 'Évry “Sud”', active: false },
      ];
      expect(await database.establishments()).toEqual([]);
      for (const sites of [known, known.slice(1)]) {
        await database.transaction((transaction) => transaction.recordEstablishments(sites));
        expect(await database.establishments()).toEqual(sites);
      }
      expect((await database.state())?.purged).toBe(0);
      for (const upTo of [4, 3]) await database.purge({ upTo, except: [], conflictsBefore: 0 });
      expect((await database.state())?.purged).toBe(4);
    });

    test('changes since a date go out again, as by someone who has seen nothing', async () => {
      await database.prepare(SITE);
      await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
      await captured(1);
      await fixture.run(`UPDATE person SET city = 'Nice' WHERE id = 2`);
      const [, { changedAt }] = (await captured(2))[0] ?? [0, change('U', '', 0)];
      expect(await database.resend(changedAt + 60_000)).toBe(0);
      expect(await database.resend(0)).toBe(2);
      const again = await captured(3);
      expect(again.map(([, { op, marks, base, values }]) => [op, marks, base, values[0]])).toEqual([
        ['U', '0001', 0, 1n],
        ['U', '0010', 0, 2n],
      ]);
    });

    test('a change by someone who has seen nothing meets any row that is there', async () => {
      await database.prepare(HUB);
      const unseen: Unseen = { at: 'hub', author: 2, base: 5 };
      const resent = (id: bigint): Change => ({ ...change('U', '0001', 9, id, 'x', 'y', 9n), base: 0 });
      expect(await contested(unseen, change('U', '0001', 9, 1n, 'x', 'y', 9n))).toEqual([]);
      expect(await contested(unseen, resent(1n), resent(8n))).toEqual(['1: 0 1111']);
      await fixture.run(`UPDATE person SET points = 3 WHERE id = 2`);
      expect(await contested(unseen, resent(1n), resent(2n))).toEqual(['1: 0 1111', '2: 0 0001']);
    });

    test('an author that lost its own past has not seen what it did then', async () => {
      await database.prepare(HUB);
      const write = (id: bigint): Promise<void> =>
        staged([change('U', '0001', 5, id, 'own', 'y', 9n)], async (transaction) => {
          expect(await transaction.apply({ at: 'hub', author: 2, base: 0 })).toEqual([]);
        });
      await write(1n);
      await captured(3);
      await write(2n);
      const both = [1n, 2n].map((id) => change('U', '0001', 9, id, 'new', 'y', 8n));
      const unseen = { at: 'hub', author: 2, base: 2 } as const;
      expect(await contested(unseen, ...both)).toEqual([]);
      expect(await contested({ ...unseen, lostFrom: 3 }, ...both)).toEqual(['1: 2 0001', '2: 2 0001']);
      // Published in a round that it knows, or before what it lost.
      expect(await contested({ ...unseen, base: 3, lostFrom: 3 }, ...both)).toEqual(['2: 2 0001']);
      expect(await contested({ ...unseen, lostFrom: 4 }, ...both)).toEqual(['2: 2 0001']);
    });

    test('a hub’s old copy gets a round again: not published twice, and what is pending meets it', async () => {
      await database.prepare(HUB);
      // Merged before the copy was made, and not yet published then.
      await staged([change('U', '0010', 5, 2n, 'Luc', 'Nice', 5n)], async (transaction) => {
        await transaction.apply({ at: 'hub', author: 1, base: 0 });
        await transaction.recordMerged({ site: 1, batch: 1, sha256: 'a', declined: [] });
      });
      await fixture.run(`UPDATE person SET points = 77 WHERE id = 1`);
      const unseen: Unseen = { at: 'replay', round: 1 };
      const round: Change[] = [
        { ...change('U', '0001', 1, 1n, 'Anne', 'Lyon', 4n), base: 3 },
        { ...change('U', '0010', 5, 2n, 'Luc', 'Nice', 5n), base: 1 },
        { ...change('I', '1111', 5, 9n, 'Zoé', null, null), base: 3 },
      ];
      await staged(round, async (transaction) => {
        await transaction.recordReplayed(1, [{ site: 3, batch: 8, sha256: '', declined: [] }]);
        const found = await transaction.contested(unseen);
        expect(found.map(textOf)).toEqual(['1: 0 0001']);
        for (const { change: met } of found)
          await transaction.settle(met, { write: false, toEveryone: true });
        expect(await transaction.apply(unseen)).toEqual([]);
      });
      expect((await database.state())?.lastMarked).toBe(1);
      expect((await database.ledger()).map(({ site, batch, round: at }) => [site, batch, at])).toEqual([
        [1, 1, 1],
        [3, 8, 1],
      ]);
      expect(await fixture.rows('person', ['id', 'points'])).toEqual(['1 77', '2 5', '9 NULL']);
      // The lines of the round bear its number and the site they come from.
      const at = (author: number, base: number): Promise<string[]> =>
        contested(
          { at: 'hub', author, base },
          ...[2n, 9n].map((id) => change('U', '0100', 9, id, 'n', '', 0n)),
        );
      expect(await at(2, 1)).toEqual([]);
      expect(await at(2, 0)).toEqual(['2: 1 0010', '9: 3 1111']);
      expect(await at(3, 0)).toEqual(['2: 1 0010']);
      const next = await captured(2);
      expect(next.map(([origin, { values }]) => [origin, ...values])).toEqual([[0, 1n, 'Anne', 'Lyon', 77n]]);
    });
  });
}

const textOf = ({ change: { values }, here: { origin, marks } }: Contested): string =>
  `${String(values[0])}: ${String(origin)} ${marks}`;

const change = (op: Change['op'], marks: string, changedAt: number, ...values: Value[]): Change => ({
  op,
  marks,
  changedAt,
  base: null,
  values,
});

async function* streamOf(blocks: readonly Block[]): AsyncGenerator<Block> {
  for (const block of blocks) yield await Promise.resolve(block);
}
