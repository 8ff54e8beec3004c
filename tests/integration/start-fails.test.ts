import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sync, test as check } from '../../src/commands/sessions';
import { EngineCompany } from '../support/engines';

let company: EngineCompany;
beforeAll(async () => {
  company = await EngineCompany.open({ schema: 'CREATE TABLE t (id INTEGER PRIMARY KEY)', sites: [] });
});
afterAll(() => company.close());

test('a start that the disk does not allow lets go of the data folder', async () => {
  const reports = join(company.post('hub').data, 'reports');
  rmSync(reports, { recursive: true, force: true });
  writeFileSync(reports, '');
  for (const command of [sync, check, sync])
    await expect(company.command('hub', command)).rejects.toMatchObject({ code: 'disk.failed' });
  rmSync(reports);
  await company.command('hub', sync);
});

test('a report that cannot be read stops no session', async () => {
  mkdirSync(join(company.post('hub').data, 'reports', '20200101-000000-000.json'));
  expect(await company.command('hub', sync)).toMatchObject({ state: 'ok' });
});
