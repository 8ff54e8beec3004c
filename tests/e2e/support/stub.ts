/** What the parts of the stub engine share: its options, what it shows, and its voice. */
import type { EngineEvents, LogLine, Overview } from '../../../src/engine/contract';
import type { Role } from '../../../src/report/report';
import { overviewOf, type StubOptions } from './stub-data';

export interface Stub {
  readonly options: StubOptions;
  readonly role: Role;
  readonly events: EngineEvents;
  readonly overview: Overview;
  log: LogLine[];
  /** Changes what the engine shows, and tells it. */
  show(changes: Partial<Overview>): void;
  say(key: string, params?: LogLine['params'], level?: LogLine['level']): void;
}

export function createStub(options: StubOptions, events: EngineEvents): Stub {
  let overview = overviewOf(options);
  let sequence = 0;
  const stub: Stub = {
    options,
    role: options.role ?? 'site',
    events,
    log: [],
    get overview() {
      return overview;
    },
    show(changes) {
      overview = { ...overview, ...changes };
      events.overviewChanged(overview);
    },
    say(key, params = {}, level = 'info') {
      const line = { sequence: ++sequence, at: options.now ?? new Date().toISOString(), level, key, params };
      stub.log.push(line);
      events.logged(line);
    },
  };
  return stub;
}

/** Does what the contract promises for later at once. */
export function now(action: () => void): () => Promise<void> {
  return () => {
    action();
    return Promise.resolve();
  };
}
