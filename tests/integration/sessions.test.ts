import { afterEach, describe, expect, test } from 'vitest';
import { set } from '../../src/commands/setup';
import type { Report, StepName } from '../../src/report/report';
import { parts } from '../../src/main';
import { SyncError } from '../../src/shared/errors';
import { decodePairing, encodePairing } from '../../src/transport/pairing';
import { EngineCompany, type EngineCompanyOptions } from '../support/engines';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE);
  CREATE TABLE visit (id INTEGER PRIMARY KEY, member INTEGER REFERENCES member ON DELETE CASCADE, note TEXT);
  CREATE TABLE price (item TEXT PRIMARY KEY, amount REAL) WITHOUT ROWID;
  INSERT INTO member VALUES (1, 'Ann', 'a@x'), (2, 'Bob', 'b@x');
  INSERT INTO visit VALUES (1, 1, 'x'), (2, 2, 'y');
  INSERT INTO price VALUES ('day', 8), ('month', 50);`;

const SITES = ['lyon', 'paris'];

let open: EngineCompany[] = [];
afterEach(async () => {
  for (const company of open) await company.close();
  open = [];
});

async function found(options: Partial<EngineCompanyOptions> = {}): Promise<EngineCompany> {
  const company = await EngineCompany.open({ schema: SCHEMA, sites: SITES, ...options });
  open.push(company);
  return company;
}

function expectAlike(company: EngineCompany, names = company.posts.map(({ name }) => name)): void {
  const hub = company.contents('hub');
  for (const name of names) expect(company.contents(name), name).toEqual(hub);
}

const statesOf = (reports: Record<string, Report>): Record<string, string> =>
  Object.fromEntries(Object.entries(reports).map(([name, { state }]) => [name, state]));

const stepOf = ({ steps }: Report, wanted: StepName): Report['steps'][number] => {
  const step = steps.find(({ name }) => name === wanted);
  if (step === undefined) throw new Error(`no step ${wanted}`);
  return step;
};

const keysOf = ({ steps }: Report): string[] =>
  steps.flatMap(({ messages }) => messages.map(({ key }) => key));

const OK = { hub: 'ok', lyon: 'ok', paris: 'ok' };

/** A day's work that meets no conflict. */
function work(company: EngineCompany, day: number): void {
  company.at('hub', `UPDATE price SET amount = ${String(day)} WHERE item = 'day'`);
  company.at('lyon', `INSERT INTO member VALUES (${String(100 + day)}, 'L${String(day)}', NULL)`);
  company.at('paris', `UPDATE member SET name = 'P${String(day)}' WHERE id = 1`);
}

/** The hub waits for Paris until its limit. */
async function nightWithoutParis(company: EngineCompany): Promise<{ hub: Report; lyon: Report }> {
  const hub = await company.start('hub');
  const hubSession = hub.engine.synchronise('manual');
  const lyonSession = company.session('lyon');
  await hub.logged('session.hub.delivered');
  company.advance(61);
  const reports = { hub: await hubSession, lyon: await lyonSession };
  await company.stop('hub');
  return reports;
}

describe('a night', () => {
  test('everyone converges, and the second quiet synchronisation carries no row', async () => {
    const company = await found();
    work(company, 1);
    company.at('paris', `DELETE FROM member WHERE id = 2`);
    const first = await company.synchronise();
    expect(statesOf(first)).toEqual(OK);
    expectAlike(company);
    expect(company.contents('hub')['member']).toEqual([`1 'a@x' 'P1'`, `101 NULL 'L1'`]);
    await company.synchronise();
    const quiet = await company.synchronise();
    expect(statesOf(quiet)).toEqual(OK);
    for (const report of Object.values(quiet)) {
      expect(report.tables).toEqual([]);
      for (const step of report.steps) expect([step.name, step.rows]).toEqual([step.name, 0]);
    }
  });

  test('one synchronisation after a change, the next is quiet already', async () => {
    const company = await found();
    work(company, 1);
    await company.synchronise();
    const quiet = await company.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  });

  test('a late site catches up at the next one', async () => {
    const company = await found();
    work(company, 1);
    const { hub, lyon } = await nightWithoutParis(company);
    expect([hub.state, lyon.state]).toEqual(['partial', 'ok']);
    expect(keysOf(hub)).toContain('session.hub.absent');
    expectAlike(company, ['lyon']);
    work(company, 2);
    expect(statesOf(await company.synchronise())).toEqual(OK);
    expectAlike(company);
  });

  test('a site that missed two rounds receives them in order', async () => {
    const company = await found();
    for (const day of [1, 2]) {
      work(company, day);
      expect(statesOf(await nightWithoutParis(company))).toEqual({ hub: 'partial', lyon: 'ok' });
      expectAlike(company, ['lyon']);
    }
    const reports = await company.synchronise();
    expect(statesOf(reports)).toEqual(OK);
    const rounds = reports['paris']?.steps.flatMap(({ messages }) =>
      messages.filter(({ key }) => key === 'session.site.applied').map(({ params }) => params['round']),
    );
    expect(rounds).toEqual([1, 2, 3]);
    expectAlike(company);
  });

  test('nobody sent anything: idle, and no round', async () => {
    const company = await found({ settings: { receptionLimit: '0.1' } });
    company.at('hub', `DELETE FROM price`);
    const report = await company.session('hub');
    expect(report).toMatchObject({ state: 'idle', round: null, error: null });
    expect(stepOf(report, 'merge').state).toBe('pending');
  });

  test('the hub comes up after the site', async () => {
    const company = await found();
    work(company, 1);
    const lyon = await company.start('lyon');
    const session = lyon.engine.synchronise('manual');
    await lyon.logged('session.site.hubAwaited');
    const reports = await company.synchronise(['hub', 'paris']);
    expect((await session).state).toBe('ok');
    await company.stop('lyon');
    expect(statesOf(reports)).toEqual({ hub: 'ok', paris: 'ok' });
    expectAlike(company);
  });

  test('RAZ prolongs the wait', async () => {
    const company = await found({ settings: { receptionLimit: '10' } });
    work(company, 1);
    const hub = await company.start('hub');
    const session = hub.engine.synchronise('manual');
    await hub.logged('session.hub.opened');
    company.advance(9);
    await hub.engine.resetTimers();
    company.advance(9);
    // The limit as it was has passed; a look at the clock comes at every wait's end.
    await hub.overview(
      ({ progress }) => progress?.step === 'receiveBatches' && (progress.left ?? 0) < 61_000,
    );
    const sites = await company.synchronise(SITES);
    expect((await session).state).toBe('ok');
    await company.stop('hub');
    expect(statesOf(sites)).toEqual({ lyon: 'ok', paris: 'ok' });
    expectAlike(company);
  });

  test('what a session left at the hub does not make tonight’s changes late', async () => {
    const company = await found();
    work(company, 1);
    await cutAt(company, 'hub', 'merge', SITES);
    work(company, 2);
    const reports = await company.synchronise();
    expect(statesOf(reports)).toEqual(OK);
    expectAlike(company);
  });
});

/** Everyone synchronises; at one post the session is stopped as a step begins, and then everywhere. */
async function cutAt(
  company: EngineCompany,
  name: string,
  step: StepName,
  sites: readonly string[],
): Promise<Report> {
  const names = ['hub', ...sites];
  const running = new Map(
    await Promise.all(names.map(async (each) => [each, await company.start(each)] as const)),
  );
  const sessions = new Map(
    [...running].map(([each, { engine }]) => [each, engine.synchronise('manual')] as const),
  );
  const stopped = running.get(name);
  const session = sessions.get(name);
  if (stopped === undefined || session === undefined) throw new Error(`no post ${name}`);
  await stopped.overview((overview) => {
    const reached =
      overview.session?.steps.some((each) => each.name === step && each.state === 'running') === true;
    // At once, not a turn of the loop later: the step may be over by then.
    if (reached) void stopped.engine.stopSession();
    return reached;
  });
  const report = await session;
  for (const { engine } of running.values()) await engine.stopSession();
  await Promise.all(sessions.values());
  expect(await stopped.engine.report(report.id)).toEqual(report);
  for (const each of names) await company.stop(each);
  return report;
}

test('a site that joins with a fresh copy of the head office’s database', async () => {
  const company = await found();
  for (const day of [1, 2]) {
    work(company, day);
    await company.synchronise();
  }
  company.at('hub', `DELETE FROM price WHERE item = 'month'`);
  const copy = company.backUp('hub', 'copy.db');
  await company.join('nice', copy);
  company.at('nice', `INSERT INTO member VALUES (500, 'Nina', NULL)`);
  work(company, 3);
  expect(statesOf(await company.synchronise())).toEqual({ ...OK, nice: 'ok' });
  expectAlike(company);
  expect(company.contents('hub')['member']).toContain(`500 NULL 'Nina'`);
  const quiet = await company.synchronise();
  for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
});

describe('Arrêter, at every step', () => {
  const hubSteps: StepName[] = [
    'check',
    'open',
    'receiveBatches',
    'merge',
    'publish',
    'waitAcknowledgements',
  ];
  const siteSteps: StepName[] = [
    'check',
    'capture',
    'write',
    'send',
    'wait',
    'receive',
    'apply',
    'acknowledge',
  ];
  const cases = [
    ...hubSteps.map((step) => ['hub', step] as const),
    ...siteSteps.map((step) => ['lyon', step] as const),
  ];

  test('one company, stopped at each in turn, is whole again after each', { timeout: 120_000 }, async () => {
    const company = await found();
    for (const [at, [name, step]] of cases.entries()) {
      const what = `${name} at ${step}`;
      work(company, at);
      company.at('lyon', `UPDATE member SET mail = 'm${String(at)}' WHERE id = 2`);
      const report = await cutAt(company, name, step, SITES);
      expect([what, report.state, report.error]).toEqual([what, 'stopped', null]);
      expect(report.endedAt).not.toBeNull();
      const steps = name === 'hub' ? hubSteps : siteSteps;
      for (const line of report.steps) {
        const place = steps.indexOf(line.name) - steps.indexOf(step);
        const wanted = place === 0 ? /^stopped$/ : place > 0 ? /^pending$/ : /^(done|warning)$/;
        expect(line.state, `${what}: ${line.name}`).toMatch(wanted);
      }
      const reports = await company.synchronise();
      expect([what, statesOf(reports)]).toEqual([what, OK]);
      expectAlike(company);
    }
  });
});

describe('twice is once', () => {
  test('a crash between applying and acknowledging', async () => {
    const company = await found();
    work(company, 1);
    company.changeParts('lyon', {
      createLink: (options) => {
        const link = parts.createLink(options);
        const acknowledge = (): Promise<void> => Promise.reject(new SyncError('disk.failed'));
        return new Proxy(link, {
          get: (target, property) => {
            if (property === 'acknowledge') return acknowledge;
            const value: unknown = Reflect.get(target, property);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      },
    });
    await company.command('hub', (context) => set(context, 'acknowledgementLimit', '0.3'));
    const cut = await company.synchronise();
    expect(statesOf(cut)).toEqual({ hub: 'partial', lyon: 'failed', paris: 'ok' });
    expectAlike(company);
    company.changeParts('lyon', {});
    const again = await company.synchronise();
    expect(statesOf(again)).toEqual(OK);
    expect(again['lyon']?.tables).toEqual([]);
    expectAlike(company);
  });

  test('a site cut after applying, and started again at once, tells the hub, which still waits', async () => {
    const company = await found({ sites: ['lyon'] });
    company.at('lyon', "INSERT INTO member VALUES (9, 'Zoe', NULL)");
    company.changeParts('lyon', {
      createLink: (options) => {
        const link = parts.createLink(options);
        link.acknowledge = () => Promise.reject(new SyncError('hub.refused', { params: { reply: 550 } }));
        return link;
      },
    });
    const hub = company.session('hub');
    expect(await company.session('lyon')).toMatchObject({ state: 'failed', error: { code: 'hub.refused' } });
    company.changeParts('lyon', {});
    const { engine } = await company.start('lyon');
    const again = engine.synchronise('schedule');
    expect(await hub).toMatchObject({ state: 'ok' });
    await engine.stopSession();
    await again;
    expectAlike(company);
  });

  test('a batch delivered twice', async () => {
    const company = await found();
    work(company, 1);
    let deliveries = 0;
    company.changeParts('lyon', {
      createLink: (options) => {
        const link = parts.createLink(options);
        const twice: typeof link.sendBatch = async (...args) => {
          await link.sendBatch(...args);
          link.close();
          await link.sendBatch(...args);
          deliveries += 2;
        };
        return new Proxy(link, {
          get: (target, property) => {
            if (property === 'sendBatch') return twice;
            const value: unknown = Reflect.get(target, property);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      },
    });
    const reports = await company.synchronise();
    expect(deliveries).toBe(2);
    expect(statesOf(reports)).toEqual(OK);
    expect(reports['hub']?.tables).toContainEqual({
      table: 'member',
      sent: 2,
      received: 2,
      conflicts: 0,
      refused: 0,
    });
    expectAlike(company);
  });
});

describe('a hub that serves', () => {
  test('a site asks for a session; two that ask at the same time get one', async () => {
    const company = await found();
    const hub = await company.start('hub');
    await hub.engine.serve();
    work(company, 1);
    const alone = await company.session('lyon');
    expect(alone.state).toBe('ok');
    await hub.logged('session.ended.ok');
    expectAlike(company, ['lyon']);

    const ended = hub.overview(({ session }) => session === null);
    work(company, 2);
    const both = await company.synchronise(SITES);
    expect(statesOf(both)).toEqual({ lyon: 'ok', paris: 'ok' });
    await ended;
    expectAlike(company);
    await company.stop('hub');
    const next = await company.start('hub');
    const { lines: sessions } = await next.engine.history({ limit: 10 });
    expect(sessions.map(({ trigger, state }) => [trigger, state])).toEqual([
      ['request', 'ok'],
      ['request', 'ok'],
    ]);
  });

  test('a session that fails for a site that asked is not begun again and again', async () => {
    const company = await found({ settings: { waitLimit: '0.4' } });
    let broken = false;
    company.changeParts('hub', {
      openDatabase: (address) =>
        broken
          ? Promise.reject(new SyncError('database.busy', { retryable: true }))
          : parts.openDatabase(address),
    });
    const hub = await company.start('hub');
    await hub.engine.serve();
    broken = true;
    work(company, 1);
    expect((await company.session('lyon')).state).toBe('partial');
    const { lines: sessions } = await hub.engine.history({ limit: 10 });
    expect(sessions.map(({ trigger, state }) => [trigger, state])).toEqual([['request', 'failed']]);
    // What it sent is not lost: it is in the next session.
    broken = false;
    await company.command('lyon', (context) => set(context, 'waitLimit', '60'));
    expect((await company.session('lyon')).state).toBe('ok');
    expectAlike(company, ['lyon']);
  });
});

test('a site that dies as it receives, and starts again, is not left waiting by a hub that serves', async () => {
  const company = await found();
  const hub = await company.start('hub');
  await hub.engine.serve();
  work(company, 1);
  const lyon = await company.start('lyon');
  const cut = lyon.engine.synchronise('manual');
  await lyon.overview(
    ({ session }) =>
      session?.steps.some(({ name, state }) => name === 'receive' && state === 'running') === true,
  );
  await lyon.engine.stopSession();
  expect((await cut).state).toBe('stopped');
  await company.stop('lyon');
  work(company, 2);
  expect((await company.session('lyon')).state).toBe('ok');
  expectAlike(company, ['lyon']);
});

describe('a wrong pairing is told at once, not after the limit', () => {
  test('another secret', async () => {
    const company = await found();
    const code = decodePairing(await company.addSite('third'));
    await company.pair('paris', encodePairing({ ...code, secret: `${code.secret.slice(0, -2)}xx` }));
    const hub = await company.start('hub');
    await hub.engine.serve();
    const report = await company.session('paris');
    expect(report).toMatchObject({
      state: 'failed',
      error: { code: 'hub.login', params: { user: code.user } },
    });
    expect(stepOf(report, 'check').state).toBe('failed');
    expect(stepOf(report, 'capture').state).toBe('pending');
  });

  test('another certificate', async () => {
    const company = await found();
    const code = decodePairing(await company.addSite('third'));
    const fingerprint = (code.fingerprint ?? '').replace(/^../, (byte) => (byte === '00' ? '01' : '00'));
    await company.pair('paris', encodePairing({ ...code, fingerprint }));
    const hub = await company.start('hub');
    await hub.engine.serve();
    const report = await company.session('paris');
    expect(report).toMatchObject({ state: 'failed', error: { code: 'hub.fingerprint' } });
  });
});

describe('an old copy of a database is noticed before any row moves', () => {
  test('at a site', async () => {
    const company = await found({ settings: { receptionLimit: '60' } });
    const backup = company.backUp('lyon', 'lyon-old.db');
    for (const day of [1, 2]) {
      work(company, day);
      await company.command('hub', (context) => set(context, 'receptionLimit', '60'));
      await company.synchronise();
    }
    await company.command('hub', (context) => set(context, 'receptionLimit', '0.5'));
    company.restore('lyon', backup);
    const before = company.contents('lyon');
    company.at('paris', `UPDATE member SET name = 'later' WHERE id = 2`);
    const reports = await company.synchronise();
    expect(statesOf(reports)).toEqual({ hub: 'partial', lyon: 'failed', paris: 'ok' });
    expect(reports['lyon']?.error?.code).toBe('session.siteRestored');
    expect(company.contents('lyon')).toEqual(before);
    expectAlike(company, ['paris']);
  });

  test('at a site whose last batch the hub has not merged', async () => {
    const company = await found({ settings: { waitLimit: '0.01' } });
    const hub = await company.start('hub');
    await hub.engine.serve();
    const backup = company.backUp('lyon', 'lyon-old.db');
    company.at('lyon', `UPDATE member SET name = 'sent' WHERE id = 1`);
    await company.session('lyon');
    company.restore('lyon', backup);
    const report = await company.session('lyon');
    expect(report).toMatchObject({ state: 'failed', error: { code: 'session.siteRestored' } });
    expect(stepOf(report, 'capture').state).toBe('pending');
  });

  test('at the hub', async () => {
    const company = await found({ settings: { waitLimit: '0.4' } });
    const backup = company.backUp('hub', 'hub-old.db');
    work(company, 1);
    await company.command('lyon', (context) => set(context, 'waitLimit', '60'));
    await company.command('paris', (context) => set(context, 'waitLimit', '60'));
    expect(statesOf(await company.synchronise())).toEqual(OK);
    company.restore('hub', backup);
    const before = company.contents('hub');
    const lyon = company.contents('lyon');
    const report = await company.session('hub');
    expect(report).toMatchObject({ state: 'failed', error: { code: 'session.hubDatabaseRestored' } });
    expect([company.contents('hub'), company.contents('lyon')]).toEqual([before, lyon]);
  });
});

describe('tables that differ', () => {
  const DEPENDANT = `CREATE TABLE bill (id INTEGER PRIMARY KEY, visit INTEGER REFERENCES visit, total REAL);`;

  test('wait with those that refer to them, are named, and go through once all are alike', async () => {
    const company = await found({ schema: SCHEMA + DEPENDANT });
    company.at('lyon', `ALTER TABLE visit ADD COLUMN stars INTEGER`);
    company.at(
      'lyon',
      `INSERT INTO visit VALUES (10, 1, 'lyon', 5)`,
      `INSERT INTO bill VALUES (10, 10, 1.5)`,
    );
    company.at('lyon', `UPDATE member SET name = 'passes' WHERE id = 1`);
    company.at('paris', `INSERT INTO visit VALUES (20, 2, 'paris')`, `INSERT INTO bill VALUES (20, 20, 2.5)`);
    const reports = await company.synchronise();
    const said = (name: string): string[] =>
      (reports[name]?.steps ?? [])
        .flatMap(({ messages }) => messages.filter(({ key }) => key.includes('.held.')))
        .map(({ key, params, about }) => [key, JSON.stringify(params), about.table].join(' '));
    expect(said('hub')).toEqual([
      'session.hub.held.parent {"site":"lyon","table":"bill","parent":"visit"} bill',
      'session.hub.held.columnsMissingHere {"site":"lyon","table":"visit","columns":"stars"} visit',
    ]);
    expect(said('lyon')).toEqual([
      'session.site.held.parent {"table":"bill","parent":"visit"} bill',
      'session.site.held.columnsMissingThere {"table":"visit","columns":"stars"} visit',
    ]);
    expect(said('paris')).toEqual([]);
    expect(reports['hub']?.state).toBe('warnings');
    expect(reports['lyon']?.state).toBe('warnings');
    for (const name of SITES) {
      expect(company.contents(name)['member'], name).toEqual(company.contents('hub')['member']);
    }
    expect(company.contents('paris')).toEqual(company.contents('hub'));
    expect(company.contents('hub')['member']?.join()).toContain('passes');

    for (const name of ['hub', 'paris']) company.at(name, `ALTER TABLE visit ADD COLUMN stars INTEGER`);
    await company.synchronise();
    await company.synchronise();
    expectAlike(company);
    expect(company.contents('hub')['bill']).toHaveLength(2);
    expect(company.contents('hub')['visit']).toHaveLength(4);
    // Columns in alphabetical order; the value that the new column had all along came with its row.
    expect(company.contents('paris')['visit']?.filter((row) => / 5\b/.test(row))).toHaveLength(1);
    const quiet = await company.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  });

  test('a table that comes later, everywhere', async () => {
    const company = await found();
    await company.synchronise();
    company.everywhere(`CREATE TABLE locker (number INTEGER PRIMARY KEY, member INTEGER REFERENCES member)`);
    company.at('lyon', `INSERT INTO locker VALUES (1, 1)`);
    await company.synchronise();
    company.at('paris', `INSERT INTO locker VALUES (2, 2)`);
    await company.synchronise();
    await company.synchronise();
    expectAlike(company);
    expect(company.contents('hub')['locker']).toEqual(['1 1', '2 2']);
  });
});

test('a refused row waits, is told, and passes; a collision of keys is told', async () => {
  const company = await found();
  company.at('lyon', `INSERT INTO member VALUES (10, 'Zoé', 'z@x'), (30, 'x', NULL)`);
  company.at('paris', `INSERT INTO member VALUES (20, 'Noé', 'z@x'), (30, 'y', NULL)`);
  const first = await company.synchronise();
  expectAlike(company);
  const keys = first['hub'] === undefined ? [] : keysOf(first['hub']);
  expect(keys).toEqual(
    expect.arrayContaining(['session.hub.refused', 'session.hub.collision', 'session.hub.refusedWaiting']),
  );
  expect(statesOf(first)).toEqual({ hub: 'warnings', lyon: 'ok', paris: 'ok' });

  const { engine, changes } = await company.start('hub');
  expect(await engine.retryRefused()).toEqual({ passed: 0, overtaken: 0, waiting: 1 });
  company.at('hub', `UPDATE member SET mail = 'zoe@x' WHERE id = 10`);
  expect(await engine.conflicts({ limit: 1, kind: 'refused' })).toMatchObject({
    waiting: 1,
    entries: [{ reason: 'unique', refused: { outcome: 'waiting', at: null } }],
  });
  expect(changes).toContain('conflicts');
  await company.stop('hub');

  const second = await company.synchronise();
  expect(second['hub'] === undefined ? [] : keysOf(second['hub'])).toContain('session.hub.retried');
  expectAlike(company);
  expect(company.contents('paris')['member']?.join()).toContain('Noé');
  const { engine: after } = await company.start('hub');
  const { entries, waiting } = await after.conflicts({ limit: 1, kind: 'refused' });
  expect(waiting).toBe(0);
  expect(entries[0]?.refused?.outcome).toBe('passed');
  await after.startSession();
  await expect(after.retryRefused()).rejects.toMatchObject({ code: 'session.running' });
  await after.stopSession();
});

test('a row that only a branch refuses: its report names the table and the reason, each night', async () => {
  const company = await found();
  company.at('paris', `CREATE UNIQUE INDEX one_amount ON price (amount)`);
  company.at('hub', `UPDATE price SET amount = 50 WHERE item = 'day'`);
  for (const night of [1, 2]) {
    const { paris } = await company.synchronise();
    if (paris === undefined) throw new Error('no report');
    const said = stepOf(paris, 'apply').messages.map(({ key, params }) => `${key} ${JSON.stringify(params)}`);
    expect(said, `night ${String(night)}`).toEqual(
      expect.arrayContaining([
        'session.site.unwritten.unique {"table":"price","rows":1}',
        'session.site.rowsUnwritten {"rows":1}',
      ]),
    );
    expect(paris.state).toBe('partial');
  }
  company.at('paris', `DROP INDEX one_amount`);
  await company.synchronise();
  expectAlike(company);
});

test('a database that is gone makes a failed session with a report', async () => {
  const company = await found();
  await company.command('lyon', (context) => set(context, 'database', 'sqlite:/nowhere/at/all.db'));
  const { engine } = await company.start('lyon');
  const report = await engine.synchronise('manual');
  expect(report).toMatchObject({
    state: 'failed',
    error: { code: 'database.missing', params: { path: '/nowhere/at/all.db' } },
  });
  expect(report.steps.map(({ state }) => state)).toEqual(['failed', ...Array<string>(7).fill('pending')]);
  expect(await engine.report(report.id)).toEqual(report);
  expect((await engine.history({ limit: 10 })).lines).toHaveLength(1);
  // The engine is not stuck: the next session runs.
  expect((await engine.synchronise('manual')).state).toBe('failed');
});
