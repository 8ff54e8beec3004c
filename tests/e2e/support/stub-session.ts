/** The stub's sessions, their log, history and reports. */
import type { EngineCalls, Overview } from '../../../src/engine/contract';
import type { HistoryLine, Progress, Report, StepName } from '../../../src/report/report';
import { SyncError } from '../../../src/shared/errors';
import { now, type Stub } from './stub';
import { overviewOf, pastSessions, pendingStep, reportOf, STEPS } from './stub-data';
import { csvOf, fullReport, search } from './stub-reports';

type SessionCalls = Pick<
  EngineCalls,
  | 'overview'
  | 'log'
  | 'clearLog'
  | 'history'
  | 'exportHistory'
  | 'report'
  | 'startSession'
  | 'stopSession'
  | 'resetTimers'
  | 'shutdown'
>;

/** Until RAZ, and after it. */
const DEADLINES = ['2026-11-24T23:30:00+01:00', '2026-11-25T00:15:00+01:00'] as const;

/** The step at which a session with the option `hold` stays. */
const HELD_AT = { hub: 2, site: 3 };

export function sessionCalls(stub: Stub): SessionCalls {
  const { role, options, events } = stub;
  let history: HistoryLine[] = options.role === null ? [] : pastSessions();
  let ticker: NodeJS.Timeout | undefined;

  function run(): void {
    const startedAt = options.now ?? new Date().toISOString();
    const id = startedAt.replace(/\D/g, '').replace(/^(\d{8})(\d{6})(\d{3})$/, '$1-$2-$3');
    let current = -1;
    history = [newLine(id, startedAt), ...history];
    events.historyChanged();
    stub.say('session.started');
    function step(): void {
      if (options.hold === true && current === HELD_AT[role]) return;
      current++;
      const name = STEPS[role][current];
      if (name === undefined) {
        finish(options.ends ?? 'ok');
        return;
      }
      stub.say(`step.${name}`);
      if (name === 'send' || name === 'receiveBatches')
        stub.say('session.retry', { code: 'hub.lineCut' }, 'warning');
      stub.show(runningAt(stub, sessionAt(stub, id, startedAt, current), name));
    }
    step();
    ticker = setInterval(step, 120);
  }

  function finish(state: 'ok' | 'stopped' | 'failed'): void {
    clearInterval(ticker);
    const endedAt = new Date().toISOString();
    history = history.map((line) => (line.endedAt === null ? { ...line, endedAt, state } : line));
    stub.say(`session.ended.${state}`, {}, state === 'ok' ? 'info' : 'warning');
    const { sites, verdict } = overviewOf(options);
    stub.show({
      ...IDLE,
      sites,
      last: history[0] ?? null,
      verdict:
        state === 'failed'
          ? { key: 'verdict.failed.today', params: { time: '22:04' }, level: 'bad' }
          : verdict,
    });
    events.historyChanged();
  }

  return {
    overview: () => Promise.resolve(stub.overview),
    log: () => Promise.resolve(stub.log),
    clearLog: now(() => {
      stub.log = [];
    }),
    history: (query) => Promise.resolve(search(role, history, query)),
    exportHistory: (query, words) => Promise.resolve(csvOf(search(role, history, query).lines, words)),
    report: (id) => {
      const line = history.find((candidate) => candidate.id === id);
      if (line === undefined) throw new SyncError('report.missing', { params: { id } });
      return Promise.resolve(fullReport(role, line));
    },
    startSession: now(run),
    stopSession: now(() => {
      if (options.slowStop !== true) finish('stopped');
      else stub.show({ stopping: true, verdict: { key: 'verdict.stopping', params: {}, level: 'busy' } });
    }),
    resetTimers: () => {
      stub.say('session.timersReset');
      const deadline = stub.overview.deadline === null ? null : DEADLINES[1];
      stub.show({ deadline });
      return Promise.resolve(deadline);
    },
    shutdown: now(() => clearInterval(ticker)),
  };
}

const IDLE = {
  session: null,
  progress: null,
  deadline: null,
  stopEffect: null,
  stopping: false,
  receptions: [],
} as const;

/** What changes on the screen while a session is at a step. */
function runningAt(stub: Stub, session: Report, step: StepName): Partial<Overview> {
  const receiving = step === 'receiveBatches';
  return {
    session,
    progress: progressAt(stub, step),
    verdict: { key: 'verdict.running', params: {}, level: 'busy' },
    stopEffect: { key: `stop.${step}`, params: {} },
    deadline: receiving || step === 'send' ? DEADLINES[0] : null,
    sites: stub.overview.sites.map((site) => {
      if (site.state === 'retired' || !receiving) return site;
      return { ...site, state: site.number === 1 ? 'received' : 'receiving' };
    }),
    receptions: receiving
      ? [{ site: 2, name: 'Lyon', file: '000042.batch', bytes: 1_843_200, rate: 96_000 }]
      : [],
  };
}

function newLine(id: string, startedAt: string): HistoryLine {
  return {
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
  };
}

/** A new report with the steps before `current` done and `current` running. */
function sessionAt({ role }: Stub, id: string, startedAt: string, current: number): Report {
  const done = { startedAt, endedAt: startedAt };
  return {
    ...reportOf(role, newLine(id, startedAt)),
    tables: [],
    steps: STEPS[role].map((name, index) => {
      if (index > current) return pendingStep(name);
      const step = { ...pendingStep(name), startedAt };
      if (index === current) return { ...step, state: 'running' };
      return { ...step, ...done, state: 'done', rows: name === 'check' ? 0 : 2456 };
    }),
  };
}

function progressAt({ role }: Stub, step: StepName): Progress {
  return {
    step,
    site: role === 'hub' ? 'Lyon' : null,
    file: '000042.batch',
    done: 1_843_200,
    total: 2_981_888,
    unit: 'bytes',
    rate: 8_500,
    left: 134_000,
  };
}
