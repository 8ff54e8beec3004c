import { describe, expect, test } from 'vitest';
import type { Conflict, Policy } from '../../src/database/port';
import { expectAllEqual, expectQuiet, rows, useCompanies } from '../support/companies';

const open = useCompanies();

const SHOP = `
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, city TEXT, points INTEGER);
  INSERT INTO person VALUES (1, 'Anne', 'Lyon', 0), (2, 'Luc', 'Brest', 5);
`;
const FAMILY = `
  CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent ON DELETE CASCADE, name TEXT);
  INSERT INTO parent VALUES (1, 'p'), (2, 'q'); INSERT INTO child VALUES (1, 1, 'c');
`;
const BADGE = `
  CREATE TABLE badge (id INTEGER PRIMARY KEY, code TEXT UNIQUE, owner TEXT);
  CREATE TABLE entry (id INTEGER PRIMARY KEY, badge INTEGER REFERENCES badge);
  INSERT INTO badge VALUES (1, 'A', 'Anne'), (2, 'B', 'Luc');
`;
const MINUTE = 60_000;

const summary = ({ kind, rule, winner, loser, winningRow, losingRow, reason }: Conflict): string =>
  [
    `${kind} by ${rule}: ${String(winner)} over ${String(loser)}`,
    winningRow?.join(' ') ?? 'absent',
    losingRow?.join(' ') ?? 'absent',
    ...(reason === null ? [] : [reason]),
  ].join(' | ');

describe('without conflict', () => {
  test('changes made at sites and at the hub are everywhere after one synchronisation', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(0, `INSERT INTO person VALUES (9, 'Siège', NULL, 1)`);
    company.at(
      1,
      `UPDATE person SET city = 'Paris' WHERE id = 1`,
      `INSERT INTO person VALUES (3, 'Zoé', '', NULL)`,
    );
    company.at(2, `DELETE FROM person WHERE id = 2`);
    const { sent, published, conflicts } = await company.synchronise();
    expect({ sent, published, conflicts }).toEqual({ sent: 3, published: 4, conflicts: [] });
    // Columns in alphabetical order: city, id, name, points.
    expect(await rows(company, 0, 'person')).toEqual([
      `'' 3 'Zoé' NULL`,
      `'Paris' 1 'Anne' 0`,
      `NULL 9 'Siège' 1`,
    ]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a site’s own changes do not come back to it', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.send(1);
    await company.send(2);
    await company.merge();
    await company.publish();
    expect((await company.receive(1)).map(({ written }) => [...written])).toEqual([[]]);
    expect((await company.receive(2)).map(({ written }) => [...written])).toEqual([[['person', 1]]]);
    await expectAllEqual(company);
  });

  test('changes of different columns of one row are all kept', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(0, `UPDATE person SET points = 7 WHERE id = 1`);
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    company.at(2, `UPDATE person SET name = 'Ann' WHERE id = 1`);
    const { conflicts } = await company.synchronise();
    expect(conflicts).toEqual([]);
    expect(await rows(company, 0, 'person')).toContain(`'Paris' 1 'Ann' 7`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('the same row, made at two sites alike, is one', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    for (const site of [1, 2]) company.at(site, `INSERT INTO person VALUES (3, 'Zoé', NULL, 0)`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('unique values that change places within a batch arrive so', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(
      1,
      `UPDATE badge SET code = 'x' WHERE id = 1`,
      `UPDATE badge SET code = 'A' WHERE id = 2`,
      `UPDATE badge SET code = 'B' WHERE id = 1`,
    );
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 2, 'badge')).toEqual([`'A' 2 'Luc'`, `'B' 1 'Anne'`]);
    await expectAllEqual(company);
  });

  test('a site that was away gets all rounds, and its own changes through', async () => {
    const company = await open({ sites: 3, schema: SHOP });
    for (let night = 0; night < 4; night += 1) {
      company.at(
        1,
        `UPDATE person SET points = points + 1 WHERE id = 1`,
        `INSERT INTO person (name) VALUES ('n')`,
      );
      company.at(3, `UPDATE person SET city = city || '.' WHERE id = 2`);
      await company.synchronise([1, 2]);
    }
    await company.synchronise();
    expect(await rows(company, 0, 'person')).toContain(`'Brest....' 2 'Luc' 5`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('an unchanged database synchronises to nothing', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    await expectQuiet(company);
    await expectQuiet(company);
  });

  test('columns in another order at a site make no difference', async () => {
    const company = await open({
      sites: 2,
      schema: SHOP,
      schemaAt: {
        2: `CREATE TABLE person (points INTEGER, name TEXT, id INTEGER PRIMARY KEY, city TEXT);
          INSERT INTO person VALUES (0, 'Anne', 1, 'Lyon'), (5, 'Luc', 2, 'Brest')`,
      },
    });
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    company.at(
      2,
      `UPDATE person SET name = 'Ann' WHERE id = 1`,
      `INSERT INTO person VALUES (1, 'Zoé', 3, 'Metz')`,
    );
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 0, 'person')).toContain(`'Paris' 1 'Ann' 0`);
    await expectAllEqual(company);
  });
});

describe('both changed a column', () => {
  const other = `UPDATE person SET city = 'Paris' WHERE id = 1`;
  const mine = `UPDATE person SET city = 'Metz', points = 3 WHERE id = 1`;

  test.each<{ policy: Policy; offset: number; winner: number }>([
    { policy: 'newest', offset: MINUTE, winner: 1 },
    { policy: 'newest', offset: -MINUTE, winner: 0 },
    { policy: 'hub', offset: MINUTE, winner: 0 },
    { policy: 'site', offset: -MINUTE, winner: 1 },
  ])(
    'the hub and a site, by $policy, its clock $offset ms on: $winner wins',
    async ({ policy, offset, winner }) => {
      const company = await open({ sites: 2, schema: SHOP, policy });
      company.at(0, other);
      company.at(1, mine);
      await company.send(1, offset);
      const conflicts = await company.merge();
      await company.synchronise();
      const [won, lost] =
        winner === 0 ? ['1 Anne Paris 0', '1 Anne Metz 3'] : ['1 Anne Metz 3', '1 Anne Paris 0'];
      expect(conflicts.map(summary)).toEqual([
        `update by ${policy}: ${String(winner)} over ${String(1 - winner)} | ${won} | ${lost}`,
      ]);
      expect(await rows(company, 2, 'person')).toContain(
        winner === 0 ? `'Paris' 1 'Anne' 0` : `'Metz' 1 'Anne' 3`,
      );
      await expectAllEqual(company);
      await expectQuiet(company);
    },
  );

  test('three places: the newest of all wins, both others are in the journal under their own names', async () => {
    const company = await open({ sites: 3, schema: SHOP });
    for (const site of [1, 2, 3])
      company.at(site, `UPDATE person SET city = 'site ${String(site)}' WHERE id = 1`);
    await company.send(1, MINUTE);
    await company.send(2, 3 * MINUTE);
    await company.send(3, 2 * MINUTE);
    expect((await company.merge()).map(summary)).toEqual([
      `update by newest: 2 over 1 | 1 Anne site 2 0 | 1 Anne site 1 0`,
      `update by newest: 2 over 3 | 1 Anne site 2 0 | 1 Anne site 3 0`,
    ]);
    await company.synchronise();
    expect(await rows(company, 0, 'person')).toContain(`'site 2' 1 'Anne' 0`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('the hub’s policy is not for two sites, even once the hub made one row of theirs', async () => {
    const company = await open({ sites: 3, schema: SHOP, policy: 'hub' });
    for (const site of [1, 2, 3])
      company.at(site, `UPDATE person SET city = 'site ${String(site)}' WHERE id = 1`);
    await company.send(1, MINUTE);
    await company.send(2, 2 * MINUTE);
    await company.send(3, 3 * MINUTE);
    expect((await company.merge()).map(({ winner, loser, rule }) => [winner, loser, rule])).toEqual([
      [2, 1, 'newest'],
      [3, 2, 'newest'],
    ]);
  });

  test('the result does not depend on who delivers first', async () => {
    const results = [];
    for (const order of [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]) {
      const company = await open({ sites: 3, schema: `${SHOP}${BADGE}` });
      for (const site of [1, 2, 3]) {
        company.at(
          site,
          `UPDATE person SET city = 'site ${String(site)}' WHERE id = 1`,
          `INSERT INTO badge VALUES (${String(10 + site)}, 'same', 'site ${String(site)}')`,
          ...(site === 2
            ? ['DELETE FROM person WHERE id = 2']
            : [`UPDATE person SET points = ${String(site)} WHERE id = 2`]),
        );
      }
      for (const site of order) await company.send(site, site * MINUTE);
      const conflicts = await company.merge();
      await company.publish();
      results.push({ hub: await company.contents(0), conflicts: conflicts.map(summary) });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('rows of the same key made at two sites: one stays, one is in the journal', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(1, `INSERT INTO person VALUES (3, 'Zoé', NULL, 0)`);
    company.at(2, `INSERT INTO person VALUES (3, 'Noé', NULL, 0)`);
    await company.send(1, MINUTE);
    await company.send(2);
    expect((await company.merge()).map(summary)).toEqual([
      'insert by newest: 1 over 2 | 3 Zoé  0 | 3 Noé  0',
    ]);
    await company.synchronise();
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('deletions', () => {
  test('a row changed at a site and deleted at the hub comes back', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(0, `DELETE FROM person WHERE id = 1`);
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual(['updateDeleted by dataWins: 1 over 0 | 1 Anne Paris 0 | absent']);
    expect(await rows(company, 2, 'person')).toContain(`'Paris' 1 'Anne' 0`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a row deleted at a site and changed at the hub stays, and comes back to the site', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(0, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    company.at(1, `DELETE FROM person WHERE id = 1`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual(['deleteUpdated by dataWins: 0 over 1 | 1 Anne Paris 0 | absent']);
    expect(await rows(company, 1, 'person')).toContain(`'Paris' 1 'Anne' 0`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('what INSERT OR IGNORE found at the hub is no change there: a site’s deletion goes through', async () => {
    const company = await open({ sites: 1, schema: BADGE });
    company.at(0, `INSERT OR IGNORE INTO badge VALUES (9, 'A', 'nobody')`);
    company.at(1, `DELETE FROM badge WHERE id = 1`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 0, 'badge')).toEqual([`'B' 2 'Luc'`]);
    await expectAllEqual(company);
  });

  test('what INSERT OR IGNORE found at a site is no deletion there: the hub may delete the row and bring it back', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(2, `UPDATE badge SET code = NULL WHERE id = 2`);
    company.at(0, `INSERT OR REPLACE INTO badge VALUES (1, 'B', 'Anne')`);
    await company.send(2);
    await company.publish();
    await company.merge();
    await company.publish();
    company.at(1, `INSERT OR IGNORE INTO badge VALUES (1, 'B', 'nobody')`);
    expect(await company.place(1).database.pending()).toBe(0);
    await company.synchronise();
    await company.synchronise();
    expect(await rows(company, 1, 'badge')).toEqual([`'B' 1 'Anne'`, `NULL 2 'Luc'`]);
    await expectAllEqual(company);
  });

  test('deleted in two places is deleted', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    for (const place of [0, 1, 2]) company.at(place, `DELETE FROM person WHERE id = 1`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('parents and children', () => {
  test('deleted at the hub while a site adds a child: the parent comes back to all', async () => {
    const company = await open({ sites: 2, schema: FAMILY, foreignKeys: true });
    company.at(0, `DELETE FROM parent WHERE id = 1`);
    company.at(1, `INSERT INTO child VALUES (2, 1, 'new'), (3, 1, 'newer')`);
    await company.synchronise();
    expect(await rows(company, 0, 'parent')).toEqual([`1 'p'`, `2 'q'`]);
    expect(await rows(company, 0, 'child')).toEqual([`2 'new' 1`, `3 'newer' 1`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('with its own parent deleted too, both come back', async () => {
    const company = await open({
      sites: 2,
      foreignKeys: true,
      schema: `CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node ON DELETE CASCADE);
        INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2)`,
    });
    company.at(0, `DELETE FROM node WHERE id = 1`);
    company.at(1, `INSERT INTO node VALUES (4, 3)`);
    await company.synchronise();
    expect(await rows(company, 0, 'node')).toEqual(['1 NULL', '2 1', '3 2', '4 3']);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('deleted at a site while the hub adds a child: the parent stays', async () => {
    const company = await open({ sites: 2, schema: FAMILY, foreignKeys: true });
    company.at(0, `INSERT INTO child VALUES (2, 1, 'new')`);
    company.at(1, `DELETE FROM parent WHERE id = 1`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual(['deleteParent by dataWins: 0 over 1 | 1 p | absent']);
    expect(await rows(company, 1, 'parent')).toEqual([`1 'p'`, `2 'q'`]);
    expect(await rows(company, 1, 'child')).toEqual([`2 'new' 1`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('the round arrives after the site added the child: parent and child are there again in the end', async () => {
    const company = await open({ sites: 2, schema: FAMILY, foreignKeys: true });
    company.at(0, `DELETE FROM parent WHERE id = 1`);
    await company.publish();
    company.at(1, `INSERT INTO child VALUES (2, 1, 'new')`);
    expect((await company.receive(1)).map(({ waiting }) => waiting)).toEqual([1]);
    expect(await rows(company, 1, 'parent')).toEqual([`1 'p'`, `2 'q'`]);
    await company.synchronise();
    expect(await rows(company, 2, 'child')).toEqual([`2 'new' 1`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('deleted at a site when the round brings a child of it: the child waits', async () => {
    const company = await open({ sites: 2, schema: FAMILY, foreignKeys: true });
    company.at(0, `INSERT INTO child VALUES (2, 2, 'new')`);
    await company.publish();
    company.at(1, `DELETE FROM parent WHERE id = 2`);
    expect((await company.receive(1)).map(({ waiting }) => waiting)).toEqual([1]);
    expect(company.place(1).business.query('PRAGMA foreign_key_check')).toEqual([]);
    await company.synchronise();
    expect(await rows(company, 1, 'child')).toEqual([`1 'c' 1`, `2 'new' 2`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('deleted by the very batch that leaves a child of it behind: it stays', async () => {
    const company = await open({ sites: 2, schema: FAMILY, foreignKeys: false });
    company.at(
      1,
      `DELETE FROM parent WHERE id = 2`,
      `INSERT INTO child VALUES (2, 2, 'new'), (3, 2, 'newer')`,
    );
    expect((await company.synchronise()).conflicts.map(summary)).toEqual([
      'deleteParent by dataWins: 0 over 1 | 2 q | absent',
    ]);
    expect(await rows(company, 1, 'child')).toHaveLength(3);
    expect(await rows(company, 1, 'parent')).toEqual([`1 'p'`, `2 'q'`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('orphans that a site made on purpose go to the journal, and the site is put right', async () => {
    const company = await open({ sites: 2, schema: FAMILY, foreignKeys: false });
    company.at(1, `INSERT INTO child VALUES (2, 77, 'orphan')`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual([
      'refused by refused: 0 over 1 | absent | 2 77 orphan | foreignKey',
    ]);
    expect(await rows(company, 1, 'child')).toEqual([`1 'c' 1`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a row whose parent was missing before may be changed', async () => {
    const company = await open({
      sites: 1,
      schema: `${FAMILY}; INSERT INTO child VALUES (9, 77, 'old orphan')`,
    });
    company.at(1, `UPDATE child SET name = 'older' WHERE id = 9`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 0, 'child')).toContain(`9 'older' 77`);
    await expectAllEqual(company);
  });
});

describe('rows that the hub’s database refuses', () => {
  test('the same unique value at two sites: the second is in the journal, whole, and its site is put right', async () => {
    const company = await open({ sites: 2, schema: BADGE, foreignKeys: true });
    company.at(1, `INSERT INTO badge VALUES (11, 'C', 'Zoé')`);
    company.at(2, `INSERT INTO badge VALUES (12, 'C', 'Noé')`, `INSERT INTO entry VALUES (1, 12), (2, 1)`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary).sort()).toEqual([
      'refused by refused: 0 over 2 | absent | 1 12 | foreignKey',
      'refused by refused: 0 over 2 | absent | 12 C Noé | unique',
    ]);
    await company.synchronise();
    expect(await rows(company, 2, 'badge')).toContain(`'C' 11 'Zoé'`);
    expect(await rows(company, 2, 'entry')).toEqual(['1 2']);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a row at fault with several tables is in the journal once', async () => {
    const schema = `CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);
      CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, b INTEGER REFERENCES b)`;
    const company = await open({ sites: 1, schema });
    company.at(1, `INSERT INTO c VALUES (1, 7, 8)`);
    expect((await company.synchronise()).conflicts).toHaveLength(1);
    expect(await company.hub.conflicts(10)).toMatchObject([{ losingRow: [1n, 7n, 8n], site: 1, batch: 1 }]);
    await expectAllEqual(company);
  });

  test('a table that replaces on conflict loses no row for it', async () => {
    const schema = `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE ON CONFLICT REPLACE)`;
    const company = await open({ sites: 2, schema });
    company.at(0, `INSERT INTO t VALUES (1, 'a')`);
    company.at(1, `INSERT INTO t VALUES (2, 'a')`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual(['refused by refused: 0 over 1 | absent | 2 a | unique']);
    await company.synchronise();
    expect(await rows(company, 1, 't')).toEqual([`1 'a'`]);
    await expectAllEqual(company);
  });

  test('a check that only the hub has', async () => {
    const company = await open({
      sites: 1,
      schema: SHOP,
      schemaAt: { 0: SHOP.replace('points INTEGER', 'points INTEGER CHECK (points < 10)') },
    });
    company.at(1, `UPDATE person SET points = 50 WHERE id = 1`, `UPDATE person SET points = 6 WHERE id = 2`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual([
      'refused by refused: 0 over 1 | 1 Anne Lyon 0 | 1 Anne Lyon 50 | check',
    ]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a refusal is news to its author only: another site’s next change holds, and the refused row gives way', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(0, `INSERT INTO badge VALUES (5, 'X', 'hub')`);
    company.at(1, `UPDATE badge SET code = 'X' WHERE id = 1`);
    await company.send(1, MINUTE);
    await company.merge();
    company.at(2, `UPDATE badge SET code = 'Y' WHERE id = 1`);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual(['update by newest: 0 over 1 | 1 Y Anne | 1 X Anne']);
    expect(await rows(company, 1, 'badge')).toContain(`'Y' 1 'Anne'`);
    await expectAllEqual(company);
  });
});

describe('rounds that arrive in the middle of something', () => {
  test('a row changed here since: it stays as it is until the hub has decided', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(
      0,
      `UPDATE person SET city = 'Paris' WHERE id = 1`,
      `UPDATE person SET points = 9 WHERE id = 2`,
    );
    await company.publish();
    company.at(1, `UPDATE person SET city = 'Metz' WHERE id = 1`);
    expect(await company.receive(1)).toMatchObject([{ waiting: 1 }]);
    expect(await rows(company, 1, 'person')).toEqual([`'Brest' 2 'Luc' 9`, `'Metz' 1 'Anne' 0`]);
    await company.send(1, MINUTE);
    expect((await company.merge()).map(summary)).toEqual([
      'update by newest: 1 over 0 | 1 Anne Metz 0 | 1 Anne Paris 0',
    ]);
    await company.synchronise();
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('other columns changed here since are merged, not lost', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(0, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.publish();
    company.at(1, `UPDATE person SET points = 3 WHERE id = 1`);
    await company.receive(1);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 1, 'person')).toContain(`'Paris' 1 'Anne' 3`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('with one change under way to the hub and another not yet sent', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(1, `UPDATE person SET points = 3 WHERE id = 1`);
    await company.send(1);
    company.at(0, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.publish();
    company.at(1, `UPDATE person SET name = 'Ann' WHERE id = 1`);
    await company.receive(1);
    expect(await rows(company, 1, 'person')).toContain(`'Lyon' 1 'Ann' 3`);
    await company.send(1);
    expect(await company.merge()).toEqual([]);
    await company.publish();
    await company.synchronise();
    expect(await rows(company, 2, 'person')).toContain(`'Paris' 1 'Ann' 3`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('over several rounds: what the site had not seen is counted from the first of them', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(1, `UPDATE person SET city = 'Metz' WHERE id = 1`);
    for (const city of ['Paris', 'Pau']) {
      company.at(0, `UPDATE person SET city = '${city}' WHERE id = 1`);
      await company.publish();
      company.at(0, `UPDATE person SET points = points + 1 WHERE id = 2`);
      await company.publish();
      await company.receive(1);
    }
    expect(await rows(company, 1, 'person')).toEqual([`'Brest' 2 'Luc' 7`, `'Metz' 1 'Anne' 0`]);
    await company.send(1, MINUTE);
    expect((await company.merge()).map(summary)).toEqual([
      'update by newest: 1 over 0 | 1 Anne Metz 0 | 1 Anne Pau 0',
    ]);
    await company.synchronise();
    await expectAllEqual(company);
  });

  test('the hub’s verdict against the site reaches the site', async () => {
    const company = await open({ sites: 2, schema: SHOP, policy: 'hub' });
    company.at(0, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.publish();
    company.at(1, `UPDATE person SET city = 'Metz' WHERE id = 1`);
    await company.receive(1);
    await company.send(1);
    company.at(1, `UPDATE person SET points = 4 WHERE id = 1`);
    await company.merge();
    await company.publish();
    await company.receive(1);
    expect(await rows(company, 1, 'person')).toContain(`'Metz' 1 'Anne' 4`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 1, 'person')).toContain(`'Paris' 1 'Anne' 4`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a row that is already as the round says is not asked for', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    for (const place of [0, 1]) {
      company.at(place, `DELETE FROM person WHERE id = 1`, `UPDATE person SET city = 'Pau' WHERE id = 2`);
    }
    await company.publish();
    expect(await company.receive(1)).toMatchObject([{ waiting: 0 }]);
    expect((await company.synchronise()).conflicts).toEqual([]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('nothing is asked any more once the hub has seen the change and has nothing to add', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(0, `INSERT INTO badge VALUES (5, 'X', 'hub')`);
    company.at(1, `UPDATE badge SET code = 'X' WHERE id = 1`);
    await company.synchronise([1]);
    // Site 2 changed the row that the hub sent to everyone because it refused site 1's.
    company.at(2, `UPDATE badge SET owner = 'Ann' WHERE id = 1`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a unique value taken here since: the row is left, asked for, and comes once the hub has decided', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(0, `INSERT INTO badge VALUES (11, 'C', 'hub')`);
    await company.publish();
    company.at(1, `INSERT INTO badge VALUES (12, 'C', 'site')`);
    expect(await company.receive(1)).toMatchObject([{ waiting: 1 }]);
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(summary)).toEqual(['refused by refused: 0 over 1 | absent | 12 C site | unique']);
    expect(await rows(company, 1, 'badge')).toContain(`'C' 11 'hub'`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('rows that wait for a row that waits', () => {
  test('the children of a row that was left here are left too', async () => {
    const company = await open({ sites: 2, schema: BADGE, foreignKeys: true });
    company.at(0, `INSERT INTO badge VALUES (11, 'C', 'hub')`, `INSERT INTO entry VALUES (1, 11), (2, 1)`);
    await company.publish();
    company.at(1, `INSERT INTO badge VALUES (12, 'C', 'site')`);
    expect(await company.receive(1)).toMatchObject([{ waiting: 2 }]);
    expect(await rows(company, 1, 'entry')).toEqual(['1 2']);
    expect(company.place(1).business.query('PRAGMA foreign_key_check')).toEqual([]);
    await company.synchronise();
    expect(await rows(company, 1, 'entry')).toEqual(['1 2', '11 1']);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('references to a value that is not the key', () => {
  const MAIL = `CREATE TABLE author (id INTEGER PRIMARY KEY, mail TEXT UNIQUE);
    CREATE TABLE letter (id INTEGER PRIMARY KEY, mail TEXT REFERENCES author (mail));
    INSERT INTO author VALUES (1, 'a'), (2, 'b'); INSERT INTO letter VALUES (1, 'a')`;

  test.each([`UPDATE author SET mail = 'z' WHERE id = 2`, `DELETE FROM author WHERE id = 2`])(
    'a site takes the value away (%s) while the hub comes to refer to it: it stays',
    async (sql) => {
      const company = await open({ sites: 2, schema: MAIL, foreignKeys: true });
      company.at(0, `INSERT INTO letter VALUES (2, 'b')`);
      company.at(1, sql);
      expect((await company.synchronise()).conflicts).toMatchObject([
        { kind: 'deleteParent', winner: 0, loser: 1 },
      ]);
      expect(await rows(company, 1, 'author')).toEqual([`1 'a'`, `2 'b'`]);
      expect(await rows(company, 1, 'letter')).toEqual([`1 'a'`, `2 'b'`]);
      await expectAllEqual(company);
      await expectQuiet(company);
    },
  );

  test('the hub takes the value away while a site comes to refer to it: the reference is put aside', async () => {
    const company = await open({ sites: 2, schema: MAIL, foreignKeys: true });
    company.at(0, `UPDATE author SET mail = 'z' WHERE id = 2`);
    company.at(1, `INSERT INTO letter VALUES (2, 'b')`);
    expect((await company.synchronise()).conflicts).toMatchObject([
      { kind: 'refused', reason: 'foreignKey' },
    ]);
    expect(await rows(company, 1, 'author')).toEqual([`1 'a'`, `2 'z'`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a deleted row comes back for the value that it had', async () => {
    const company = await open({ sites: 2, schema: MAIL, foreignKeys: true });
    company.at(0, `DELETE FROM author WHERE id = 2`);
    company.at(1, `INSERT INTO letter VALUES (2, 'b')`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 2, 'author')).toEqual([`1 'a'`, `2 'b'`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('the row that takes over the value is left here: so is the deletion of the one that had it', async () => {
    const company = await open({ sites: 2, schema: MAIL, foreignKeys: true });
    company.at(0, `INSERT OR REPLACE INTO author VALUES (2, 'a')`);
    company.at(1, `INSERT INTO letter VALUES (2, 'b')`);
    await company.publish();
    await company.receive(1);
    expect(await rows(company, 1, 'author')).toEqual([`1 'a'`, `2 'b'`]);
    await company.synchronise();
    await company.synchronise();
    expect(await rows(company, 1, 'author')).toEqual([`2 'a'`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('a site that goes on before it heard', () => {
  test('is in no conflict with itself', async () => {
    const company = await open({ sites: 2, schema: SHOP });
    company.at(0, `UPDATE person SET points = 9 WHERE id = 1`);
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.send(1, MINUTE);
    company.at(1, `UPDATE person SET city = 'Pau' WHERE id = 1`);
    await company.send(1, -MINUTE);
    expect(await company.merge()).toEqual([]);
    await company.synchronise();
    expect(await rows(company, 2, 'person')).toContain(`'Pau' 1 'Anne' 9`);
    await expectAllEqual(company);
  });

  test('is in conflict with what its first change met, all the same', async () => {
    const company = await open({ sites: 2, schema: SHOP, policy: 'hub' });
    company.at(0, `UPDATE person SET points = 9 WHERE id = 1`);
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.send(1);
    company.at(1, `UPDATE person SET points = 3 WHERE id = 1`);
    await company.send(1);
    expect((await company.merge()).map(summary)).toEqual([
      'update by hub: 0 over 1 | 1 Anne Paris 9 | 1 Anne Paris 3',
    ]);
    await company.synchronise();
    await expectAllEqual(company);
  });
});

describe('twice', () => {
  test('a round applied twice is applied once, and none can be skipped', async () => {
    const company = await open({ sites: 1, schema: SHOP });
    company.at(0, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.publish();
    company.at(0, `UPDATE person SET city = 'Pau' WHERE id = 1`);
    await company.publish();
    await expect(company.apply(1, 2)).rejects.toMatchObject({
      code: 'merge.roundMissing',
      params: { round: 1 },
    });
    await company.receive(1);
    await company.apply(1, 1);
    expect(await rows(company, 1, 'person')).toContain(`'Pau' 1 'Anne' 0`);
    expect(await company.place(1).database.state()).toMatchObject({ position: 2 });
  });

  test('a batch merged twice is merged once; another one under its number is refused', async () => {
    const company = await open({ sites: 1, schema: SHOP });
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.send(1);
    const [batch] = company.delivered();
    if (batch === undefined) throw new Error('no batch');
    await company.merge();
    company.at(0, `UPDATE person SET city = 'Pau' WHERE id = 1`);
    expect(await company.mergeOne(batch)).toMatchObject({ conflicts: [] });
    expect(await rows(company, 0, 'person')).toContain(`'Pau' 1 'Anne' 0`);
    await expect(company.mergeOne({ ...batch, sha256: 'f'.repeat(64) })).rejects.toMatchObject({
      code: 'merge.batchChanged',
    });
    expect(await company.hub.ledger()).toHaveLength(1);
  });
});

describe('schemas that differ', () => {
  const WIDER = `${SHOP} ALTER TABLE person ADD COLUMN phone TEXT`;
  const OTHER = `CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)`;

  test('hold only the tables concerned; what was changed in them arrives once they are alike', async () => {
    const company = await open({
      sites: 2,
      schema: `${SHOP} ${OTHER}`,
      schemaAt: { 0: `${WIDER}; ${OTHER}` },
    });
    company.at(
      0,
      `UPDATE person SET city = 'Paris' WHERE id = 1`,
      `INSERT INTO note VALUES (1, 'from the hub')`,
    );
    company.at(
      1,
      `UPDATE person SET name = 'Ann' WHERE id = 1`,
      `INSERT INTO note VALUES (2, 'from the site')`,
    );
    await company.synchronise();
    expect(await rows(company, 0, 'note')).toHaveLength(2);
    expect(await rows(company, 1, 'note')).toHaveLength(2);
    expect(await rows(company, 1, 'person')).toContain(`'Lyon' 1 'Ann' 0`);
    expect((await company.hub.ledger()).map(({ declined }) => declined)).toEqual([['person'], []]);
    await company.synchronise();
    for (const site of [1, 2]) {
      company.at(site, `ALTER TABLE person ADD COLUMN phone TEXT`);
      await company.prepare(site);
    }
    expect((await company.synchronise()).conflicts).toEqual([]);
    await company.synchronise();
    expect(await rows(company, 2, 'person')).toContain(`'Paris' 1 'Ann' NULL 0`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a column that comes at a site first and at the hub later: its values were never lost', async () => {
    const company = await open({ sites: 2, schema: `${SHOP} ${OTHER}` });
    const addPhone = async (place: number): Promise<void> => {
      company.at(place, `ALTER TABLE person ADD COLUMN phone TEXT`);
      await company.prepare(place);
    };
    await addPhone(1);
    company.at(1, `UPDATE person SET phone = '01' WHERE id = 1`, `INSERT INTO note VALUES (1, 'passes')`);
    company.at(2, `UPDATE person SET points = 6 WHERE id = 2`);
    await company.synchronise();
    expect(await rows(company, 2, 'note')).toEqual([`1 'passes'`]);
    expect(await rows(company, 1, 'person')).toContain(`'Brest' 2 'Luc' NULL 5`);
    await addPhone(0);
    company.at(1, `UPDATE person SET phone = '02' WHERE id = 2`);
    await company.synchronise();
    expect(await rows(company, 0, 'person')).toContain(`'Lyon' 1 'Anne' '01' 0`);
    expect(await rows(company, 1, 'person')).toContain(`'Brest' 2 'Luc' '02' 6`);
    await addPhone(2);
    await company.synchronise();
    await company.synchronise();
    expect(await rows(company, 2, 'person')).toEqual([`'Brest' 2 'Luc' '02' 6`, `'Lyon' 1 'Anne' '01' 0`]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a question stays open when the batch that it waited for was left out', async () => {
    const company = await open({ sites: 1, schema: SHOP });
    const addPhone = async (place: number): Promise<void> => {
      company.at(place, `ALTER TABLE person ADD COLUMN phone TEXT`);
      await company.prepare(place);
    };
    await addPhone(0);
    company.at(0, `UPDATE person SET phone = '07' WHERE id = 1`);
    company.at(1, `UPDATE person SET name = 'Ann' WHERE id = 1`);
    await company.send(1);
    await company.publish();
    await company.merge();
    await company.publish();
    await addPhone(1);
    // The first round meets what the site has sent; the second says that it was left out, and not a word of the row.
    await company.receive(1);
    await company.synchronise();
    expect(await rows(company, 0, 'person')).toContain(`'Lyon' 1 'Ann' '07' 0`);
    await company.synchronise();
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('what goes on from changes that were left out waits for them', async () => {
    const company = await open({ sites: 1, schema: SHOP, schemaAt: { 0: WIDER } });
    company.at(1, `UPDATE person SET name = 'Ann' WHERE id = 1`);
    await company.send(1);
    company.at(0, `UPDATE person SET phone = '07' WHERE id = 1`);
    await company.publish();
    // The site asks for the row that it could not take, and sends the question before it hears what became of its own.
    await company.receive(1);
    await company.send(1);
    for (const batch of company.delivered().slice(0, 1)) await company.mergeOne(batch);
    await company.publish();
    await company.receive(1);
    company.at(1, `ALTER TABLE person ADD COLUMN phone TEXT`);
    await company.prepare(1);
    await company.synchronise();
    expect(await rows(company, 0, 'person')).toContain(`'Lyon' 1 'Anne' '07' 0`);
    await company.synchronise();
    expect(await rows(company, 0, 'person')).toContain(`'Lyon' 1 'Ann' '07' 0`);
    await company.synchronise();
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('a table that only the hub holds, for what it refers to there, is not written over at the site', async () => {
    const base = `CREATE TABLE kind (id INTEGER PRIMARY KEY); INSERT INTO kind VALUES (1);`;
    const rest = `INSERT INTO item VALUES (1, 1, 'a')`;
    const company = await open({
      sites: 1,
      schema: `${base} CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER, name TEXT); ${rest}`,
      schemaAt: {
        0: `${base} ALTER TABLE kind ADD COLUMN name TEXT;
          CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER REFERENCES kind, name TEXT); ${rest}`,
      },
    });
    company.at(0, `UPDATE item SET name = 'hub'`);
    company.at(1, `UPDATE item SET name = 'site'`);
    await company.synchronise();
    expect(await rows(company, 1, 'item')).toEqual([`1 1 'site'`]);
    company.at(1, `ALTER TABLE kind ADD COLUMN name TEXT`);
    await company.prepare(1);
    expect((await company.synchronise()).conflicts).toMatchObject([{ kind: 'update' }]);
    await expectAllEqual(company);
  });

  test('a table that a site does not have yet is there whole once it has', async () => {
    const company = await open({
      sites: 2,
      schema: SHOP,
      schemaAt: { 0: `${SHOP} ${OTHER}`, 1: `${SHOP} ${OTHER}` },
    });
    company.at(1, `INSERT INTO note VALUES (1, 'early'), (2, 'gone')`);
    await company.synchronise();
    company.at(1, `DELETE FROM note WHERE id = 2`, `INSERT INTO note VALUES (3, 'later')`);
    await company.synchronise();
    company.at(2, OTHER, `INSERT INTO note VALUES (4, 'own')`);
    await company.prepare(2);
    await company.synchronise();
    await company.synchronise();
    expect(await rows(company, 2, 'note')).toHaveLength(3);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('a new site from a copy of the hub', () => {
  test('goes on from the hub’s last round', async () => {
    const company = await open({ sites: 1, schema: SHOP });
    company.at(1, `UPDATE person SET city = 'Paris' WHERE id = 1`);
    await company.synchronise();
    company.at(0, `UPDATE person SET city = 'Metz' WHERE id = 2`);
    await company.addCopy(2, 0);
    company.at(0, `UPDATE person SET city = 'Pau' WHERE id = 2`);
    company.at(2, `INSERT INTO person VALUES (3, 'Zoé', NULL, 0)`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 1, 'person')).toEqual([
      `'Paris' 1 'Anne' 0`,
      `'Pau' 2 'Luc' 5`,
      `NULL 3 'Zoé' 0`,
    ]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});
