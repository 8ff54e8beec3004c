import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { set } from '../../src/commands/setup';
import { CHECKS, type CheckName, type CheckResult } from '../../src/engine/contract';
import { parts } from '../../src/main';
import { decodePairing, encodePairing, type Pairing } from '../../src/transport/pairing';
import { EngineCompany } from '../support/engines';

const SCHEMA = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO member VALUES (1, 'Ann')`;

let open: EngineCompany[] = [];
let servers: Server[] = [];
afterEach(async () => {
  for (const company of open) await company.close();
  for (const server of servers) server.close();
  [open, servers] = [[], []];
});

async function found(): Promise<EngineCompany> {
  const company = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon'] });
  open.push(company);
  return company;
}

type Outcome = Pick<CheckResult, 'state'> & { key: string | undefined };

const outcomes = (results: readonly CheckResult[]): Partial<Record<CheckName, Outcome>> =>
  Object.fromEntries(results.map(({ name, state, message }) => [name, { state, key: message?.key }]));

const statesOf = (results: readonly CheckResult[]): string =>
  results.map(({ name, state }) => `${name} ${state}`).join(', ');

/** Pairs the site with a code in which something is not as it should be. */
async function misguide(company: EngineCompany, changes: Partial<Pairing>): Promise<void> {
  const { engine } = await company.start('hub');
  const { code } = await engine.renewSite(1);
  await company.stop('hub');
  await company.pair('lyon', encodePairing({ ...decodePairing(code), ...changes }));
}

describe('the test at a site', () => {
  test('goes the whole way, stage by stage, and tells each as it starts and as it ends', async () => {
    const company = await found();
    await company.synchronise();
    const hub = await company.start('hub');
    await hub.engine.serve();
    const { engine, checks } = await company.start('lyon');
    const results = await engine.test();
    expect(results.map(({ name }) => name)).toEqual(CHECKS.site);
    expect(statesOf(results)).toBe(CHECKS.site.map((name) => `${name} ok`).join(', '));
    expect(checks).toEqual(
      results.flatMap((result) => [
        { ...result, state: 'running', milliseconds: 0, message: null, remedy: null },
        result,
      ]),
    );
    expect(results.every(({ remedy }) => remedy === null)).toBe(true);
  });

  test('has nothing to compare tables with before the first round', async () => {
    const company = await found();
    const hub = await company.start('hub');
    await hub.engine.serve();
    const { engine } = await company.start('lyon');
    expect(outcomes(await engine.test())).toMatchObject({
      schema: { state: 'skipped', key: 'finding.noRound' },
      clock: { state: 'ok' },
    });
  });

  test('where nobody listens: the port is at fault, what needs it is skipped', async () => {
    const company = await found();
    const { engine } = await company.start('lyon');
    const results = await engine.test();
    expect(statesOf(results)).toBe(
      'database ok, resolution ok, port failed, certificate skipped, login skipped, folder skipped, ' +
        'data skipped, versions skipped, schema skipped, clock skipped',
    );
    expect(results[2]).toMatchObject({
      message: { key: 'error.hub.unreachable' },
      remedy: { key: 'remedy.port', params: {} },
    });
  });

  test('where the name leads nowhere', async () => {
    const company = await found();
    await misguide(company, { host: 'siege.invalid' });
    const { engine } = await company.start('lyon');
    expect(outcomes(await engine.test())).toMatchObject({
      resolution: { state: 'failed', key: 'error.hub.unknownHost' },
      port: { state: 'skipped' },
    });
  });

  test.each<[Partial<Pairing>, string, CheckName, CheckName]>([
    [{ fingerprint: 'AB:'.repeat(31) + 'AB' }, 'error.hub.fingerprint', 'certificate', 'login'],
    [{ secret: 'another' }, 'error.hub.login', 'login', 'folder'],
  ])('%o: %s', async (changes, key, at, next) => {
    const company = await found();
    await misguide(company, changes);
    const hub = await company.start('hub');
    await hub.engine.serve();
    const { engine } = await company.start('lyon');
    expect(outcomes(await engine.test())).toMatchObject({
      port: { state: 'ok' },
      [at]: { state: 'failed', key },
      [next]: { state: 'skipped' },
    });
  });

  test('tables that differ from the hub’s are named', async () => {
    const company = await found();
    await company.synchronise();
    company.at('lyon', 'ALTER TABLE member ADD COLUMN mail TEXT');
    const hub = await company.start('hub');
    await hub.engine.serve();
    const { engine } = await company.start('lyon');
    const schema = (await engine.test()).find(({ name }) => name === 'schema');
    expect(schema).toMatchObject({
      state: 'warning',
      message: { key: 'finding.tablesDiffer', params: { count: 1, tables: 'member' } },
      remedy: { key: 'remedy.schema' },
    });
  });

  test('a clock that is far from the hub’s is a warning', async () => {
    const company = await found();
    const hub = await company.start('hub');
    await hub.engine.serve();
    const late = { ...parts.clock, now: () => parts.clock.now() - 3_600_000 };
    company.changeParts('lyon', { clock: late });
    const { engine } = await company.start('lyon');
    const clock = (await engine.test()).find(({ name }) => name === 'clock');
    expect(clock).toMatchObject({ state: 'warning', message: { key: 'finding.clockBehind' } });
    expect(Number(clock?.message?.params['count'])).toBeGreaterThan(3500);
  });

  test('a hub that accepts and says nothing is waited for only until the test is stopped', async () => {
    const company = await found();
    const silent = createServer();
    servers.push(silent);
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => {
        const address = silent.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await misguide(company, { port });
    const { engine } = await company.start('lyon');
    const accepted = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    const test = engine.test();
    await accepted;
    await engine.stopTest();
    expect(statesOf(await test)).toMatch(/^database ok, resolution ok, port skipped, certificate skipped/);
  });
});

describe('the test at a hub', () => {
  test('looks at all that establishments need', async () => {
    const company = await found();
    const { engine } = await company.start('hub');
    const results = await engine.test();
    expect(results.map(({ name }) => name)).toEqual(CHECKS.hub);
    expect(outcomes(results)).toEqual({
      database: { state: 'ok', key: 'finding.changes' },
      schema: { state: 'ok', key: 'finding.tables' },
      ftp: { state: 'ok', key: undefined },
      port: { state: 'ok', key: 'finding.listening' },
      certificate: { state: 'ok', key: 'finding.certificateUntil' },
      passivePorts: { state: 'ok', key: 'finding.passivePorts' },
      // The tests' hub has the address of its own machine.
      address: { state: 'warning', key: 'finding.privateAddress' },
      clock: { state: 'ok', key: 'finding.time' },
    });
  });

  test('names the port that another program holds, and the address that leads nowhere', async () => {
    const company = await found();
    const other = createServer();
    servers.push(other);
    const port = await new Promise<number>((resolve) => {
      other.listen(0, () => {
        const address = other.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await company.command('hub', (context) => set(context, 'hub.port', String(port)));
    await company.command('hub', (context) => set(context, 'hub.address', 'siege.invalid'));
    company.at('hub', 'CREATE TABLE visit (id INTEGER PRIMARY KEY)');
    const { engine } = await company.start('hub');
    const results = await engine.test();
    expect(outcomes(results)).toMatchObject({
      schema: { state: 'warning', key: 'finding.tablesDiffer' },
      ftp: { state: 'failed', key: 'error.ftp.portTaken' },
      port: { state: 'skipped' },
      certificate: { state: 'skipped' },
      address: { state: 'failed', key: 'error.check.unknownHost' },
    });
  });

  test('a clock that stands before the last session was set back', async () => {
    const company = await found();
    const first = await company.start('hub');
    const session = first.engine.synchronise('manual');
    await first.engine.stopSession();
    await session;
    await company.stop('hub');
    company.changeParts('hub', { clock: { ...parts.clock, now: () => parts.clock.now() - 86_400_000 } });
    const { engine } = await company.start('hub');
    expect(outcomes(await engine.test())).toMatchObject({
      clock: { state: 'failed', key: 'error.check.clockBack' },
    });
  });
});
