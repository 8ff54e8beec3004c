/** What the stub engine shows: a plausible site or hub, the same at each run. */
import type { Overview } from '../../../src/engine/contract';
import type {
  HistoryLine,
  Report,
  SessionState,
  StepName,
  StepReport,
  Role,
} from '../../../src/report/report';
import type { BlockedAddress } from '../../../src/transport/port';

export interface StubOptions {
  readonly role: Role | null;
  /** A session stays at its running step until it is stopped. */
  readonly hold?: boolean;
  /** The call at which the worker dies. */
  readonly dieAt?: string;
  /** The call that is refused with this code. */
  readonly refuse?: { readonly call: string; readonly code: string };
  readonly ftpDown?: boolean;
  readonly testFails?: boolean;
}

export const STEPS: Record<Role, readonly StepName[]> = {
  site: ['check', 'capture', 'write', 'send', 'wait', 'receive', 'apply', 'acknowledge'],
  hub: ['check', 'open', 'receiveBatches', 'merge', 'publish', 'waitAcknowledgements'],
};

const STATES: readonly SessionState[] = ['ok', 'ok', 'warnings', 'ok', 'failed', 'ok', 'ok', 'partial', 'ok'];

export const APPLICATION = '0.1.0';

export function overviewOf({ role, ftpDown }: StubOptions): Overview {
  const empty = { lastSynchronisation: null, session: null, progress: null, application: APPLICATION };
  if (role === null) {
    return {
      ...empty,
      configured: null,
      ftp: null,
      problems: [{ key: 'error.settings.missing', params: {} }],
    };
  }
  return {
    ...empty,
    configured: {
      role,
      name: role === 'hub' ? 'Siège de Strasbourg' : 'Établissement de Colmar',
      departure: '22:00',
      nextDeparture: '2026-11-24T22:00:00+01:00',
      siteCount: role === 'hub' ? 3 : 0,
      receptionLimit: role === 'hub' ? 90 : 0,
    },
    problems: [],
    lastSynchronisation: '2026-11-23T22:00:00+01:00',
    ftp:
      role === 'site' ? null : ftpDown ? { active: false, reason: 'portTaken' } : { active: true, port: 21 },
  };
}

export function pastSessions(): HistoryLine[] {
  return STATES.map((state, index) => {
    const startedAt = new Date(Date.UTC(2026, 10, 23 - index, 21, 0, 0));
    const endedAt = new Date(startedAt.getTime() + 250_000 + index * 7_000);
    return {
      id: `202611${23 - index}-210000-000`,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
      state,
      trigger: 'schedule',
    };
  });
}

export function reportOf(role: Role, line: HistoryLine): Report {
  const start = Date.parse(line.startedAt);
  const failed = line.state === 'failed';
  return {
    ...line,
    role,
    name: overviewOf({ role }).configured?.name ?? '',
    application: APPLICATION,
    round: failed ? null : 1284,
    steps: STEPS[role].map((name, index) => pastStep(name, start + index * 31_000, index, failed)),
    tables: failed
      ? []
      : [
          { table: 'Adherents', sent: 182, received: 1204, conflicts: 1, refused: 0 },
          { table: 'Passages', sent: 2210, received: 8120, conflicts: 0, refused: 0 },
          { table: 'Reglements', sent: 64, received: 388, conflicts: 0, refused: 0 },
        ],
    error: failed
      ? { code: 'hub.unreachable', params: { host: 'siege.example.org', port: 21, reason: 'ECONNREFUSED' } }
      : null,
  };
}

function pastStep(name: StepName, start: number, index: number, failed: boolean): StepReport {
  if (failed && index > 3) return { ...pendingStep(name) };
  return {
    name,
    state: failed && index === 3 ? 'failed' : 'done',
    startedAt: new Date(start).toISOString(),
    endedAt: new Date(start + 28_400).toISOString(),
    rows: index % 2 === 1 ? 2456 : 0,
    bytes: index > 1 ? 184_320 * index : 0,
    messages: [],
  };
}

export function pendingStep(name: StepName): StepReport {
  return { name, state: 'pending', startedAt: null, endedAt: null, rows: 0, bytes: 0, messages: [] };
}

export function blockedAddresses(): BlockedAddress[] {
  return [
    { address: '203.0.113.45', attempts: 12, firstAt: 1, lastAt: 2, until: Date.UTC(2026, 10, 25, 6, 30) },
    { address: '198.51.100.7', attempts: 31, firstAt: 1, lastAt: 2, until: null },
  ];
}
