/** A data folder and a database that another version of the program has left. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { init, set } from '../../src/commands/setup';
import { prepare, unprepare } from '../../src/commands/tracking';
import { dataFolder } from '../../src/config/data-folder';
import { loadSettings } from '../../src/config/settings';
import { EngineCompany } from '../support/engines';

let company: EngineCompany;
beforeEach(async () => {
  company = await EngineCompany.open({
    schema: `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT);`,
    sites: ['lyon'],
  });
});
afterEach(() => company.close());

const settingsFile = (): string => dataFolder(company.post('lyon').data).settings;

/** Changes the settings as a program of another version would have written them; the file's content. */
function rewrite(change: (options: Record<string, unknown>) => object): string {
  const options = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(settingsFile(), 'utf8')));
  const content = JSON.stringify(change(options), null, 1);
  writeFileSync(settingsFile(), content);
  return content;
}

const old = (): string =>
  rewrite((options) => {
    Reflect.deleteProperty(options, 'schedule');
    return { ...options, version: 1, departure: '23:15' };
  });

/** Every file of the data folder, but for the logs and the lock. */
function files(): Record<string, string> {
  const { data } = company.post('lyon');
  const names = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^(progress\.log|logs|lock\.sqlite)/.test(name) && statSync(join(data, name)).isFile(),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(data, name), 'base64')]));
}

describe('a data folder of an older version', () => {
  test('is brought up to date by a start, after a copy of it; the next start copies nothing', async () => {
    const { data } = company.post('lyon');
    writeFileSync(dataFolder(data).schedule, '{"handled":"2026-11-24T21:00:00.000Z","times":"x"}');
    const before = old();
    const { engine } = await company.start('lyon');
    expect((await engine.overview()).configured).toMatchObject({ departure: '23:15' });
    await company.stop('lyon');
    const copy = join(data, 'backup-v1');
    expect(readFileSync(join(copy, 'settings.json'), 'utf8')).toBe(before);
    expect(readFileSync(join(copy, 'schedule.json'), 'utf8')).toContain('2026-11-24T21');
    expect(statSync(join(copy, 'settings.json')).mode & 0o77).toBe(0);
    expect(JSON.parse(readFileSync(settingsFile(), 'utf8'))).toMatchObject({
      version: 2,
      schedule: { departures: [{ time: '23:15' }] },
    });
    const after = files();
    await company.start('lyon');
    await company.stop('lyon');
    expect(files()).toEqual(after);
  });

  test('is copied before a command changes it, too', async () => {
    const before = old();
    await company.command('lyon', (context) => set(context, 'waitLimit', '5'));
    expect(readFileSync(join(company.post('lyon').data, 'backup-v1', 'settings.json'), 'utf8')).toBe(before);
    expect(await loadSettings(company.post('lyon').data)).toMatchObject({ version: 2, waitLimit: 5 });
  });
});

describe('a data folder of a newer version', () => {
  test('is refused with a clear word, and nothing in it is touched', async () => {
    rewrite((options) => ({ ...options, version: 99, tomorrow: true }));
    const before = files();
    const newer = { code: 'settings.newer', params: { found: 99, known: 2 } };
    await expect(company.start('lyon')).rejects.toMatchObject(newer);
    await expect(company.command('lyon', (context) => set(context, 'waitLimit', '5'))).rejects.toMatchObject(
      newer,
    );
    const { path } = company.post('lyon');
    const anew = company.command('lyon', (context) =>
      init(context, { role: 'site', name: 'lyon', database: path }),
    );
    await expect(anew).rejects.toMatchObject(newer);
    expect(files()).toEqual(before);
  });
});

describe('a database that a newer version has prepared', () => {
  test('is refused with a clear word, and nothing in it is touched', async () => {
    const { path } = company.post('lyon');
    const database = new DatabaseSync(path);
    database.exec(`UPDATE "sync$state" SET value = 99 WHERE key = 'version'`);
    company.at('lyon', `INSERT INTO member VALUES (1, 'Ann')`);
    const tables = database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .all()
      .map((row: Record<string, unknown>) => String(row['name']));
    const dump = (): string =>
      JSON.stringify(tables.map((name): unknown => database.prepare(`SELECT * FROM "${name}"`).all()));
    const before = dump();
    const newer = { code: 'database.newer', params: { found: 99, known: 1 } };
    expect(await company.session('lyon')).toMatchObject({ state: 'failed', error: newer });
    await expect(company.command('lyon', prepare)).rejects.toMatchObject(newer);
    await expect(company.command('lyon', unprepare)).rejects.toMatchObject(newer);
    expect(dump()).toEqual(before);
    database.close();
  });
});
