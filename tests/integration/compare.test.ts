import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conflicts } from '../../src/commands/inspect';
import type { Comparison, RepairOutcome, RepairRequest, TableComparison } from '../../src/engine/contract';
import { openBusiness } from '../support/business';
import { EngineCompany } from '../support/engines';

const SCHEMA = `
  CREATE TABLE club (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, points INTEGER, club INTEGER REFERENCES club (id));
  CREATE TABLE note (code TEXT COLLATE NOCASE PRIMARY KEY, text TEXT);
  INSERT INTO club VALUES (1, 'Brest'), (2, 'Lyon');
  INSERT INTO note VALUES ('a', 'one'), ('b', 'two');
  INSERT INTO member WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    SELECT i, 'name ' || i, i % 7, 1 + i % 2 FROM n`;

let company: EngineCompany;

beforeAll(async () => {
  company = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon'] });
  await company.start('hub').then(({ engine }) => engine.serve());
});
afterAll(() => company.close());

/** Writes that no trigger notes, as a tool that goes around them would. */
function behindTheBack(post: string, ...statements: readonly string[]): void {
  const business = openBusiness(company.post(post).path);
  const triggers = business.query(`SELECT sql FROM sqlite_schema WHERE type = 'trigger'`);
  const names = business.query(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`);
  business.run(
    'BEGIN IMMEDIATE',
    ...names.map((name) => `DROP TRIGGER "${name}"`),
    ...statements,
    ...triggers,
    'COMMIT',
  );
  business.close();
}

async function atLyon<T>(
  work: (engine: Awaited<ReturnType<EngineCompany['start']>>) => Promise<T>,
): Promise<T> {
  const running = await company.start('lyon');
  try {
    return await work(running);
  } finally {
    await company.stop('lyon');
  }
}

const compare = (): Promise<Comparison> => atLyon(({ engine }) => engine.compare());
const repair = (request: RepairRequest): Promise<RepairOutcome> =>
  atLyon(({ engine }) => engine.repair(request));

async function synchronise(): Promise<void> {
  const report = await company.session('lyon');
  expect(report.error).toBeNull();
}

/** By table: state, and for each row that differs its key and the columns that differ. */
const summary = ({ tables }: Comparison): Record<string, unknown> =>
  Object.fromEntries(
    tables.map((line) => [line.table, [line.state, line.different, ...line.shown.map(rowText)]]),
  );

const rowText = ({ columns, presentHere, presentAtHub }: TableComparison['shown'][number]): string => {
  const key = columns
    .filter(({ isKey }) => isKey)
    .map(({ here }) => (here && 'text' in here ? here.text : '?'));
  const differing = columns.filter(({ differs, isKey }) => differs && !isKey).map(({ name }) => name);
  const where = presentHere ? (presentAtHub ? differing.join('+') : 'only here') : 'only at the hub';
  return `${key.join(' ')}: ${where}`;
};

const EQUAL = { club: ['equal', 0], member: ['equal', 0], note: ['equal', 0] };

describe('comparing a site with its hub', () => {
  test('places that were just synchronised are equal', async () => {
    await synchronise();
    expect(summary(await compare())).toEqual(EQUAL);
  });

  test('rows that went behind the tracking’s back are named, and no other', async () => {
    behindTheBack(
      'lyon',
      `UPDATE member SET name = 'tampered', points = 99 WHERE id = 7`,
      `DELETE FROM member WHERE id = 12`,
      `INSERT INTO member VALUES (5000, 'stranger', 1, 1)`,
    );
    behindTheBack('hub', `UPDATE note SET text = 'other' WHERE code = 'b'`);
    // Work that goes on is no difference: it travels with the next synchronisation.
    company.at('lyon', `UPDATE member SET points = 1000 WHERE id = 20`, `DELETE FROM member WHERE id = 21`);
    company.at('hub', `UPDATE member SET points = 2000 WHERE id = 30`, `INSERT INTO club VALUES (3, 'Nice')`);
    const found = await compare();
    expect(summary(found)).toEqual({
      club: ['equal', 0],
      member: ['differs', 3, '7: name+points', '12: only at the hub', '5000: only here'],
      note: ['differs', 1, 'b: text'],
    });
    expect(found.tables.map(({ inFlight }) => inFlight)).toEqual([1, 3, 0]);
    expect(found.tables.map(({ rowsHere, rowsAtHub }) => [rowsHere, rowsAtHub])).toEqual([
      [2, 3],
      [299, 300],
      [2, 2],
    ]);
  });

  test('the hub is right for one row, the site for another table', async () => {
    const before = await compare();
    const seven = before.tables.flatMap(({ shown }) => shown).find((row) => rowText(row).startsWith('7:'));
    const outcome = await repair({ right: 'hub', table: 'member', rows: [seven?.id ?? ''] });
    expect(outcome.tables).toEqual([{ table: 'member', repaired: 1, left: 0 }]);
    expect(await repair({ right: 'site', table: 'note' })).toEqual({
      tables: [{ table: 'note', repaired: 1, left: 0 }],
    });
    expect(summary(await compare())).toMatchObject({
      member: ['differs', 2, '12: only at the hub', '5000: only here'],
      // The site's row is under way to the hub now.
      note: ['equal', 0],
    });
  });

  test('the hub is right for all that is left, and everyone is equal once the site’s rows have travelled', async () => {
    expect((await repair({ right: 'hub' })).tables).toEqual([{ table: 'member', repaired: 2, left: 0 }]);
    await synchronise();
    expect(summary(await compare())).toEqual(EQUAL);
    expect(company.contents('lyon')).toEqual(company.contents('hub'));
    expect(company.contents('hub')['note']).toContain(`'b' 'two'`);
  });

  test('what gave way is in the journal of the site, whole', async () => {
    const { entries } = await atLyon(({ engine }) => engine.conflicts({ limit: 10, kind: 'repair' }));
    const lost = entries.map(({ table, columns }) => [
      table,
      ...columns.map(({ loser }) => (loser !== null && 'text' in loser ? loser.text : (loser?.type ?? null))),
    ]);
    expect(lost).toEqual([
      ['member', '5000', 'stranger', '1', '1'],
      ['note', 'b', 'other'],
      ['member', '7', 'tampered', '99', '2'],
    ]);
  });

  test('and in that of the hub, for what gave way there', async () => {
    const answer = await company.command('hub', (context) => conflicts(context));
    expect(answer).toMatchObject({
      conflicts: [
        {
          table: 'note',
          kind: 'repair',
          winner: { site: 1, row: { code: 'b', text: 'two' } },
          loser: { site: 0, row: { code: 'b', text: 'other' } },
        },
      ],
    });
  });

  test('is refused beside a session or another comparison, and can be stopped', async () => {
    await atLyon(async ({ engine, compared }) => {
      const first = engine.compare();
      await expect(engine.compare()).rejects.toMatchObject({ code: 'compare.running' });
      await expect(engine.startSession()).rejects.toMatchObject({ code: 'compare.running' });
      const stopped = expect(first).rejects.toMatchObject({ code: 'compare.stopped' });
      await engine.stopComparison();
      await stopped;
      expect(compared.at(-1)).toBeNull();
      const session = engine.synchronise('manual');
      await expect(engine.compare()).rejects.toMatchObject({ code: 'session.running' });
      await session;
    });
    const hub = await company.start('hub').catch((error: unknown) => error);
    expect(hub).toMatchObject({ code: 'data.locked' });
  });
});

describe('after each round', () => {
  /** What the session proved, by the key of its sentence. */
  async function proved(): Promise<unknown[]> {
    const { steps } = await company.session('lyon');
    return steps
      .flatMap(({ messages }) => messages)
      .filter(({ key }) => key.startsWith('session.proof.'))
      .map(({ key, params, level }) => [key.slice('session.proof.'.length), level, params]);
  }

  test('the rows that came are read back, and the tables that moved are counted', async () => {
    company.at('hub', `UPDATE member SET points = 50 WHERE id = 40`, `DELETE FROM member WHERE id = 41`);
    const { length: total } = company.contents('hub')['member'] ?? [];
    expect(await proved()).toEqual([['whole', 'info', { table: 'member', count: 2, total }]]);
  });

  test('a table that has lost a row says so', async () => {
    behindTheBack('lyon', `DELETE FROM member WHERE id = 42`);
    company.at('hub', `UPDATE member SET points = 51 WHERE id = 40`);
    const { length: hub } = company.contents('hub')['member'] ?? [];
    expect(await proved()).toEqual([['totalDiffers', 'warning', { table: 'member', here: hub - 1, hub }]]);
    expect((await repair({ right: 'hub' })).tables).toEqual([{ table: 'member', repaired: 1, left: 0 }]);
  });
});
