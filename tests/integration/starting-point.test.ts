import { DatabaseSync } from '@photostructure/sqlite';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { conflicts as conflictsCommand } from '../../src/commands/inspect';
import { resend, snapshot, startFrom } from '../../src/commands/recovery';
import type { SnapshotProgress } from '../../src/engine/contract';
import { Engine } from '../../src/engine/engine';
import { SILENT_EVENTS } from '../../src/engine/silent-events';
import { parts } from '../../src/main';
import type { Report } from '../../src/report/report';
import { EngineCompany } from '../support/engines';
import { Witness } from '../support/witness';

const TABLES = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, photo BLOB);
  CREATE TABLE visit (id INTEGER PRIMARY KEY, member INTEGER REFERENCES member, note TEXT);`;
const ROWS = `
  INSERT INTO member VALUES (1, 'Ann', 'a@x', x'00ff'), (2, 'Bob', NULL, NULL), (9007199254740993, 'Big', '', NULL);
  INSERT INTO visit VALUES (1, 1, 'x'), (2, 2, 'y');`;

let company: EngineCompany | null = null;
afterEach(async () => {
  await company?.close();
  company = null;
});

async function found() {
  const open = await EngineCompany.open({
    schema: TABLES + ROWS,
    sites: ['lyon'],
    settings: { receptionLimit: '60', waitLimit: '60' },
  });
  company = open;
  const witness = new Witness();
  const at = (name: string, ...statements: readonly string[]): void => {
    for (const statement of statements) {
      const place = { run: (sql: string) => open.at(name, sql), contents: () => open.contents(name) };
      expect(witness.run(statement, place), statement).toBe(true);
    }
  };
  const expectNothingLost = async (): Promise<void> => {
    for (const { name } of open.posts) expect(open.contents(name), name).toEqual(open.contents('hub'));
    const journal = await open.command('hub', (context) => conflictsCommand(context));
    expect(witness.lost([open.contents('hub'), journal])).toEqual([]);
  };
  /** A database of the same tables, and nothing in them. */
  const emptyDatabase = (): string => {
    const file = join(open.post('hub').data, 'empty.db');
    const handle = new DatabaseSync(file);
    handle.exec(TABLES);
    handle.close();
    return file;
  };
  return { open, at, expectNothingLost, emptyDatabase };
}

const statesOf = (reports: Record<string, Report>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(reports).map(([name, { state, error }]) => [
      name,
      error?.code ?? (state === 'warnings' ? 'ok' : state),
    ]),
  );

const OK = { hub: 'ok', lyon: 'ok', nice: 'ok' };
const PASSPHRASE = 'une phrase assez longue';
const passphrase = (): Promise<string> => Promise.resolve(PASSPHRASE);

/** Stops what an engine does as soon as it tells of this stage: the code it ends with, and the last it told. */
async function stoppedAt(
  open: EngineCompany,
  post: string,
  stage: SnapshotProgress['stage'],
  work: (engine: Engine) => Promise<unknown>,
): Promise<{ readonly code: unknown; readonly last: SnapshotProgress | null }> {
  let last: SnapshotProgress | null = null;
  const engine: Engine = new Engine(parts, open.post(post).data, {
    ...SILENT_EVENTS,
    snapshotAdvances: (progress) => {
      last = progress ?? last;
      if (progress?.stage === stage) void engine.stopSnapshot();
    },
  });
  await engine.open();
  const code = await work(engine).catch(codeOf);
  await engine.shutdown();
  return { code, last };
}

describe('a site that joins', () => {
  test('with a copy of the hub’s database, in which changes were not yet published', async () => {
    const { open, at, expectNothingLost } = await found();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    await open.synchronise();
    at('hub', `UPDATE member SET mail = '@' WHERE id = 2`, `INSERT INTO member VALUES (7, '@', '@', NULL)`);
    const copy = open.backUp('hub', 'copy.db');
    at('hub', `UPDATE member SET mail = '@' WHERE id = 7`);
    await open.join('nice', copy);
    at('nice', `UPDATE member SET name = '@' WHERE id = 2`, `INSERT INTO visit VALUES (50, 7, '@')`);
    const reports = await open.synchronise();
    expect(statesOf(reports)).toEqual(OK);
    // What the hub will publish itself is not sent by the copy too.
    const sent = reports['nice']?.tables.map(({ table, sent: rows }) => [table, rows]);
    expect(sent).toEqual([
      ['member', 1],
      ['visit', 1],
    ]);
    await expectNothingLost();
  }, 60_000);

  test('with an empty database, filled from the hub over the line', async () => {
    const { open, at, expectNothingLost, emptyDatabase } = await found();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    await open.synchronise();
    at('hub', `INSERT INTO member VALUES (7, '@', '@', NULL)`, `DELETE FROM visit WHERE id = 2`);
    at('lyon', `INSERT INTO visit VALUES (60, 1, '@')`);
    await open.join('nice', emptyDatabase());
    const hub = await open.start('hub');
    await hub.engine.serve();
    const answer = await open.command('nice', (context) => startFrom(context, 'hub', passphrase));
    expect(answer).toEqual({ round: 1 });
    expect(open.contents('nice')).toEqual(open.contents('hub'));
    expect(await open.command('nice', (context) => startFrom(context, 'hub', passphrase)).catch(codeOf)).toBe(
      'snapshot.notEmpty',
    );
    await open.stop('hub');
    at('nice', `UPDATE member SET mail = '@' WHERE id = 1`, `UPDATE member SET name = '@' WHERE id = 7`);
    const reports = await open.synchronise();
    expect(statesOf(reports)).toEqual(OK);
    expect(reports['nice']?.tables).toMatchObject([{ table: 'member', sent: 2 }, { sent: 0 }]);
    await expectNothingLost();
    const quiet = await open.synchronise();
    expect(statesOf(quiet)).toEqual(OK);
    await expectNothingLost();
  }, 60_000);

  test('with an empty database, filled from a sealed file that says clearly what is wrong with it', async () => {
    const { open, at, expectNothingLost, emptyDatabase } = await found();
    at('lyon', `INSERT INTO visit VALUES (60, 1, '@')`);
    await open.synchronise();
    const file = join(open.post('hub').data, 'for-nice.synchro');
    const folder = readdirSync(open.post('hub').data).sort();
    for (const stage of ['writing', 'sealing'] as const) {
      const stopped = await stoppedAt(open, 'hub', stage, (engine) => engine.writeSnapshot(file, PASSPHRASE));
      expect(stopped).toMatchObject({ code: 'snapshot.stopped', last: { stage } });
      expect(readdirSync(open.post('hub').data).sort()).toEqual([...folder, 'snapshots'].sort());
      expect(readdirSync(join(open.post('hub').data, 'snapshots'))).toEqual([]);
    }
    const written = await open.command('hub', (context) => snapshot(context, file, passphrase));
    expect(written).toMatchObject({ round: 1, rows: 6 });
    expect(readFileSync(file).includes('Ann')).toBe(false);
    at('hub', `UPDATE member SET name = '@' WHERE id = 2`);
    await open.join('nice', emptyDatabase());
    // Somebody emptied it by hand: what was deleted here is deleted nowhere else.
    open.at('nice', `INSERT INTO visit VALUES (1, NULL, 'z')`, `DELETE FROM visit`);
    const from = async (source: string, word = PASSPHRASE): Promise<unknown> =>
      open
        .command('nice', (context) => startFrom(context, source, () => Promise.resolve(word)))
        .catch(codeOf);
    expect(await from(file, 'une autre phrase')).toBe('seal.wrongPassphrase');
    const cut = join(open.post('hub').data, 'cut.synchro');
    writeFileSync(cut, readFileSync(file).subarray(0, statSync(file).size - 10));
    expect(await from(cut)).toBe('seal.truncated');
    expect(open.contents('nice')['member']).toEqual([]);
    const start = { from: 'file', file, passphrase: PASSPHRASE } as const;
    for (const stage of ['unsealing', 'loading'] as const) {
      const stopped = await stoppedAt(open, 'nice', stage, (engine) => engine.startFrom(start));
      expect(stopped).toMatchObject({ code: 'snapshot.stopped', last: { stage } });
      expect(readdirSync(join(open.post('nice').data, 'inbox'))).toEqual([]);
      expect(open.contents('nice')['member']).toEqual([]);
    }
    expect(await from(file)).toEqual({ round: 1 });
    expect(statesOf(await open.synchronise())).toEqual(OK);
    await expectNothingLost();
    expect(open.contents('nice')['visit']).toHaveLength(3);
  }, 60_000);
});

describe('changes since a date are sent again', () => {
  test('and a value that the hub has meanwhile goes by the rules, never in silence', async () => {
    const { open, at, expectNothingLost } = await found();
    await open.synchronise();
    open.advance(60);
    at('lyon', `INSERT INTO member VALUES (70, '@', '@', NULL)`, `UPDATE member SET mail = '@' WHERE id = 1`);
    at('lyon', `UPDATE member SET name = '@' WHERE id = 2`);
    await open.synchronise();
    // The hub's row is another, and nothing in its log says so: somebody worked on it with the tracking removed.
    const handle = new DatabaseSync(open.post('hub').path);
    handle.exec(`DELETE FROM "sync$log$member"`);
    handle.close();
    at('hub', `UPDATE member SET name = '@' WHERE id = 2`);
    const again = new DatabaseSync(open.post('hub').path);
    again.exec(`DELETE FROM member WHERE id = 70; DELETE FROM "sync$log$member"`);
    again.close();
    const answer = await open.command('lyon', (context) => resend(context, new Date(0).toISOString()));
    expect(answer).toMatchObject({ changes: 3 });
    const { hub, lyon } = await open.synchronise();
    expect([hub?.error ?? null, lyon?.error ?? null]).toEqual([null, null]);
    expect(hub?.tables).toMatchObject([{ table: 'member', conflicts: 1 }]);
    await expectNothingLost();
    expect(open.contents('hub')['member']).toHaveLength(4);
    expect(await open.command('lyon', (context) => resend(context, 'demain')).catch(codeOf)).toBe(
      'resend.date',
    );
    expect(await open.command('hub', (context) => resend(context, '2026-01-01')).catch(codeOf)).toBe(
      'resend.siteOnly',
    );
  }, 60_000);
});

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : String(error);
