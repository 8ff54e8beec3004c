/**
 * Stands in for the engine's worker in end-to-end tests: speaks the contract with scripted data.
 * Its data folder holds `stub.json` (StubOptions), and receives `calls.log`, one call a line.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createBirpc } from 'birpc';
import type {
  CallError,
  CheckResult,
  EngineCalls,
  EngineEvents,
  LogLine,
  Overview,
} from '../../../src/engine/contract';
import type { HistoryLine, Report } from '../../../src/report/report';
import { SyncError, toSyncError } from '../../../src/shared/errors';
import {
  blockedAddresses,
  overviewOf,
  pastSessions,
  pendingStep,
  reportOf,
  settingsOf,
  siteLines,
  STEPS,
  tablesView,
  type StubOptions,
} from './stub-data';

if (parentPort === null) throw new Error('a worker needs its parent');
const port = parentPort;
const { dataFolder } = workerData as { dataFolder: string };
const options = JSON.parse(readFileSync(path.join(dataFolder, 'stub.json'), 'utf8')) as StubOptions;
const role = options.role ?? 'site';

let overview: Overview = overviewOf(options);
let log: LogLine[] = [];
let history: HistoryLine[] = options.role === null ? [] : pastSessions();
let blocked = options.role === 'hub' ? blockedAddresses() : [];
let sequence = 0;
let ticker: NodeJS.Timeout | undefined;

function say(key: string, params: LogLine['params'] = {}, level: LogLine['level'] = 'info'): void {
  const line = { sequence: ++sequence, at: new Date().toISOString(), level, key, params };
  log.push(line);
  void rpc.logged(line);
}

function show(changes: Partial<Overview>): void {
  overview = { ...overview, ...changes };
  void rpc.overviewChanged(overview);
}

const newLine = (id: string, startedAt: string): HistoryLine => ({
  id,
  startedAt,
  endedAt: null,
  state: 'running',
  trigger: 'manual',
  duration: null,
  sent: 0,
  received: 0,
  bytesSent: 0,
  bytesReceived: 0,
  conflicts: 0,
  warnings: 0,
});

/** A new report with the steps before `current` done and `current` running. */
function sessionAt(id: string, startedAt: string, current: number): Report {
  const done = { startedAt, endedAt: startedAt };
  return {
    ...reportOf(role, newLine(id, startedAt)),
    tables: [],
    steps: STEPS[role].map((name, index) => {
      if (index > current) return pendingStep(name);
      const step = { ...pendingStep(name), startedAt };
      return index === current ? { ...step, state: 'running' } : { ...step, ...done, state: 'done' };
    }),
  };
}

function run(): void {
  const startedAt = new Date().toISOString();
  const id = startedAt.replace(/\D/g, '').replace(/^(\d{8})(\d{6})(\d{3})$/, '$1-$2-$3');
  const heldAt = role === 'hub' ? 2 : 3;
  let current = -1;
  history = [newLine(id, startedAt), ...history];
  void rpc.historyChanged();
  say('session.started');
  function step(): void {
    if (options.hold === true && current === heldAt) return;
    current++;
    const name = STEPS[role][current];
    if (name === undefined) {
      finish('ok');
      return;
    }
    say(`step.${name}`);
    if (name === 'send' || name === 'receiveBatches')
      say('session.retry', { code: 'hub.lineCut' }, 'warning');
    show({
      session: sessionAt(id, startedAt, current),
      progress: {
        step: name,
        site: role === 'hub' ? 'Établissement de Mulhouse' : null,
        file: '000042.batch',
        done: 1_843_200,
        total: 2_981_888,
        unit: 'bytes',
        rate: 8_500,
        left: 134_000,
      },
    });
  }
  step();
  ticker = setInterval(step, 120);
}

function finish(state: 'ok' | 'stopped'): void {
  clearInterval(ticker);
  const endedAt = new Date().toISOString();
  history = history.map((line) => (line.endedAt === null ? { ...line, endedAt, state } : line));
  say(`session.ended.${state}`, {}, state === 'ok' ? 'info' : 'warning');
  show({ session: null, progress: null });
  void rpc.historyChanged();
}

const unreachable = {
  key: 'error.hub.unreachable',
  params: { host: 'siege.example.org', port: 21, reason: 'ECONNREFUSED' },
};
const checks: CheckResult[] = [
  { name: 'database', state: 'ok', milliseconds: 31, message: null, remedy: null },
  {
    name: 'port',
    state: options.testFails === true ? 'failed' : 'ok',
    milliseconds: 148,
    message: options.testFails === true ? unreachable : null,
    remedy: null,
  },
];

/** Does what the contract promises for later at once. */
function now(action: () => void): () => Promise<void> {
  return () => {
    action();
    return Promise.resolve();
  };
}

const calls: EngineCalls = {
  overview: () => Promise.resolve(overview),
  log: () => Promise.resolve(log),
  clearLog: now(() => {
    log = [];
  }),
  history: ({ limit, offset = 0 }) =>
    Promise.resolve({ lines: history.slice(offset, offset + limit), total: history.length }),
  exportHistory: () => Promise.resolve('\uFEFF'),
  report: (id) => {
    const line = history.find((candidate) => candidate.id === id);
    if (line === undefined) throw new SyncError('report.missing', { params: { id } });
    return Promise.resolve(reportOf(role, line));
  },
  startSession: now(run),
  stopSession: now(() => finish('stopped')),
  resetTimers: () => {
    say('session.timersReset');
    return Promise.resolve(overview.deadline);
  },
  test: () => {
    for (const check of checks) void rpc.checked(check);
    return Promise.resolve(checks);
  },
  stopTest: now(() => undefined),
  information: (host) =>
    Promise.resolve({
      application: overview.application,
      versions: host,
      licences: [{ name: 'vue', version: '3.5.45', licence: 'MIT' }],
      paths: { data: dataFolder },
      support: '{}',
    }),
  conflicts: () => Promise.resolve({ entries: [], total: 0, tables: [] }),
  restoreConflict: now(() => void rpc.conflictsChanged()),
  blockedAddresses: () => Promise.resolve(blocked),
  unblock: (address) => {
    blocked = blocked.filter((entry) => entry.address !== address);
    void rpc.blockedChanged();
    return Promise.resolve();
  },
  clearBlockedAddresses: now(() => {
    blocked = [];
    void rpc.blockedChanged();
  }),
  settings: () => Promise.resolve(settingsOf(options)),
  validateSettings: () => Promise.resolve([]),
  saveSettings: () => Promise.resolve([]),
  initialise: () => Promise.resolve([]),
  testDatabase: (address) => Promise.resolve({ address, tables: 3, excluded: 1, prepared: 'no' }),
  tables: () => Promise.resolve(tablesView()),
  prepare: () => Promise.resolve(tablesView()),
  unprepare: () => Promise.resolve(tablesView()),
  sites: () => Promise.resolve(siteLines()),
  addSite: (name) => Promise.resolve({ site: 4, name, code: 'sync1.WyJzaXRlIl0.12345678' }),
  renewSite: (site) => Promise.resolve({ site, name: 'Lyon', code: 'sync1.WyJzaXRlIl0.12345678' }),
  renameSite: now(() => undefined),
  retireSite: now(() => undefined),
  pair: now(() => undefined),
  unlock: now(() => undefined),
  lock: now(() => undefined),
  setPassword: now(() => undefined),
  shutdown: now(() => clearInterval(ticker)),
};

/** A structured clone would drop the code and parameters of an error: CallError takes its place. */
function withCallError(message: object): object {
  if (!('e' in message) || message.e === undefined) return message;
  const { code, params } = toSyncError(message.e);
  return { ...message, e: { code, params } satisfies CallError };
}

const rpc = createBirpc<EngineEvents, EngineCalls>(calls, {
  post: (message) => port.postMessage(message),
  serialize: withCallError,
  on: (listener) => port.on('message', listener),
  eventNames: [
    'overviewChanged',
    'logged',
    'historyChanged',
    'blockedChanged',
    'checked',
    'settingsChanged',
    'conflictsChanged',
  ],
  // Every call passes here first: it is written down, and may be refused or fatal as the test wishes.
  resolver(name, resolved) {
    appendFileSync(path.join(dataFolder, 'calls.log'), `${name}\n`);
    if (name === options.dieAt) process.exit(1);
    if (name !== options.refuse?.call) return resolved;
    const { code } = options.refuse;
    return () => Promise.reject(new SyncError(code));
  },
});

if (options.role !== null) say('session.ended.ok');
