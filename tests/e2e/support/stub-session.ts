/** The stub's sessions, their log, history and reports. */
import type { EngineCalls } from '../../../src/engine/contract';
import type { HistoryLine, Progress, Report, StepName } from '../../../src/report/report';
import { SyncError } from '../../../src/shared/errors';
import { now, type Stub } from './stub';
import { pastSessions, pendingStep, reportOf, STEPS } from './stub-data';

type SessionCalls = Pick<
  EngineCalls,
  | 'overview'
  | 'log'
  | 'clearLog'
  | 'history'
  | 'report'
  | 'startSession'
  | 'stopSession'
  | 'resetTimers'
  | 'shutdown'
>;

export function sessionCalls(stub: Stub): SessionCalls {
  const { role, options, events } = stub;
  let history: HistoryLine[] = options.role === null ? [] : pastSessions();
  let ticker: NodeJS.Timeout | undefined;

  function run(): void {
    const startedAt = new Date().toISOString();
    const id = startedAt.replace(/\D/g, '').replace(/^(\d{8})(\d{6})(\d{3})$/, '$1-$2-$3');
    const heldAt = role === 'hub' ? 2 : 3;
    let current = -1;
    history = [{ id, startedAt, endedAt: null, state: 'running', trigger: 'manual' }, ...history];
    events.historyChanged();
    stub.say('session.started');
    function step(): void {
      if (options.hold === true && current === heldAt) return;
      current++;
      const name = STEPS[role][current];
      if (name === undefined) {
        finish('ok');
        return;
      }
      stub.say(`step.${name}`);
      if (name === 'send' || name === 'receiveBatches')
        stub.say('session.retry', { code: 'hub.lineCut' }, 'warning');
      stub.show({ session: sessionAt(stub, id, startedAt, current), progress: progressAt(stub, name) });
    }
    step();
    ticker = setInterval(step, 120);
  }

  function finish(state: 'ok' | 'stopped'): void {
    clearInterval(ticker);
    const endedAt = new Date().toISOString();
    history = history.map((line) => (line.endedAt === null ? { ...line, endedAt, state } : line));
    stub.say(`session.ended.${state}`, {}, state === 'ok' ? 'info' : 'warning');
    stub.show({ session: null, progress: null });
    events.historyChanged();
  }

  return {
    overview: () => Promise.resolve(stub.overview),
    log: () => Promise.resolve(stub.log),
    clearLog: now(() => {
      stub.log = [];
    }),
    history: (limit) => Promise.resolve(history.slice(0, limit)),
    report: (id) => {
      const line = history.find((candidate) => candidate.id === id);
      if (line === undefined) throw new SyncError('report.missing', { params: { id } });
      return Promise.resolve(reportOf(role, line));
    },
    startSession: now(run),
    stopSession: now(() => finish('stopped')),
    resetTimers: now(() => stub.say('session.timersReset')),
    shutdown: now(() => clearInterval(ticker)),
  };
}

/** A new report with the steps before `current` done and `current` running. */
function sessionAt({ role }: Stub, id: string, startedAt: string, current: number): Report {
  const done = { startedAt, endedAt: startedAt };
  return {
    ...reportOf(role, { id, startedAt, endedAt: null, state: 'running', trigger: 'manual' }),
    tables: [],
    steps: STEPS[role].map((name, index) => {
      if (index > current) return pendingStep(name);
      const step = { ...pendingStep(name), startedAt };
      return index === current ? { ...step, state: 'running' } : { ...step, ...done, state: 'done' };
    }),
  };
}

function progressAt({ role }: Stub, step: StepName): Progress {
  return {
    step,
    site: role === 'hub' ? 'Établissement de Mulhouse' : null,
    file: '000042.batch',
    done: 1_843_200,
    total: 2_981_888,
    unit: 'bytes',
    left: 134_000,
  };
}
