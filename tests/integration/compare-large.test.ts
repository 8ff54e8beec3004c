import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { answerInto } from '../../src/compare/answer';
import { compareTables, type CompareProgress } from '../../src/compare/compare';
import { openSqlite } from '../../src/database/sqlite/database';
import { systemClock } from '../../src/shared/clock';
import { answerName, answersFolder, finalName, inboxFolder } from '../../src/transport/names';
import { createFolderHubLink } from '../support/folder-hub-link';
import { makeHubFolders, statusOf, type HubFolders } from '../support/hub-folders';

const ROWS = 60_000;
const signal = new AbortController().signal;

/** A link of site 1 to a hub that does nothing but answer. */
function linkTo(folders: HubFolders, database: string) {
  return createFolderHubLink({
    sitesFolder: folders.sites,
    roundsFolder: folders.rounds,
    status: statusOf,
    site: 1,
    onStored: (file) => {
      if (file.kind !== 'question') throw new Error(`a ${file.kind}`);
      const asked = join(inboxFolder(folders.sites, 1, 'questions'), finalName('questions', file.question));
      const answer = join(answersFolder(folders.sites, 1), answerName(file.question));
      void readFile(asked, 'utf8').then((text) =>
        answerInto(answer, text, () => openSqlite(database), { application: 'test', signal }),
      );
    },
  });
}

test('a table of which every row differs is compared to the last row, some of them at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'compare-'));
  const folders = await makeHubFolders();
  const [hub, site] = [join(folder, 'hub.db'), join(folder, 'site.db')];
  const made = new DatabaseSync(hub);
  made.exec(`CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, points INTEGER);
    INSERT INTO member WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${String(ROWS)})
      SELECT i, 'name ' || i, i % 7 FROM n`);
  copyFileSync(hub, site);
  const changed = new DatabaseSync(site);
  changed.exec('UPDATE member SET points = points + 1');
  for (const open of [made, changed]) open.close();
  const database = await openSqlite(site);
  const atHub = await openSqlite(hub);
  try {
    await database.prepare({ id: 'site', role: 'site' });
    await atHub.prepare({ id: 'hub', role: 'hub' });
    const link = linkTo(folders, hub);
    const found: number[] = [];
    const told: CompareProgress[] = [];
    const tables = await compareTables({
      database,
      link,
      clock: systemClock,
      signal,
      folder: join(folder, 'compare'),
      table: null,
      onProgress: (progress) => told.push(progress),
      onDifferences: (_, differences) => {
        found.push(differences.length);
      },
    });
    expect(tables).toEqual([
      { table: 'member', incomparable: null, rowsHere: ROWS, rowsAtHub: ROWS, different: ROWS, inFlight: 0 },
    ]);
    // Held in memory at once: not the table, however large it is.
    expect(found.length).toBeGreaterThan(1);
    expect(Math.max(...found)).toBeLessThan(55_000);
    expect(told.at(-1)).toMatchObject({ done: 1, tables: 1 });
    expect(told.some(({ rows }) => rows > 0 && rows < ROWS)).toBe(true);
  } finally {
    await database.close();
    await atHub.close();
    await folders.remove();
    rmSync(folder, { recursive: true });
  }
});
