/** What the stub engine shows: a plausible site or hub, the same at each run. */
import type {
  Overview,
  SettingsValues,
  SettingsView,
  SiteLine,
  SiteOverview,
  TablesView,
  WayOut,
} from '../../../src/engine/contract';
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
  /** Why there is no role: settings that are missing, unless it is said. */
  readonly problem?: 'missing' | 'unreadable';
  /** The last session failed, and somebody has to decide. */
  readonly wayOut?: WayOut | null;
  /** A session stays at its running step until it is stopped. */
  readonly hold?: boolean;
  /** The call at which the worker dies. */
  readonly dieAt?: string;
  /** The call that is refused with this code. */
  readonly refuse?: { readonly call: string; readonly code: string };
  /** How a session ends that nobody stops: well, unless it is said. */
  readonly ends?: 'ok' | 'failed';
  /** 'Arrêter' takes its time, as it does in the midst of a merge. */
  readonly slowStop?: boolean;
  /** The preference of the settings. */
  readonly startHidden?: boolean;
  readonly ftpDown?: boolean;
  readonly noConflicts?: boolean;
  readonly testFails?: boolean;
  /** The instant that sessions and log lines bear, ISO 8601; that of the clock unless it is said. */
  readonly now?: string;
}

export const STEPS: Record<Role, readonly StepName[]> = {
  site: ['check', 'capture', 'write', 'send', 'wait', 'receive', 'apply', 'acknowledge'],
  hub: ['check', 'open', 'receiveBatches', 'merge', 'publish', 'waitAcknowledgements'],
};

const STATES: readonly SessionState[] = ['ok', 'ok', 'warnings', 'ok', 'failed', 'ok', 'ok', 'partial', 'ok'];

export const APPLICATION = '0.1.0';

export function overviewOf({
  role,
  problem = 'missing',
  ftpDown,
  startHidden = false,
  wayOut = null,
}: StubOptions): Overview {
  const empty = {
    wayOut,
    lastSynchronisation: null,
    last: null,
    session: null,
    progress: null,
    deadline: null,
    stopEffect: null,
    stopping: false,
    sites: [],
    receptions: [],
    application: APPLICATION,
    preferences: { ...PREFERENCES, startHidden },
    lock: 'none',
  } as const;
  if (role === null) {
    return {
      ...empty,
      configured: null,
      ftp: null,
      problems: [{ key: `error.settings.${problem}`, params: { reason: 'JSON' } }],
      verdict: { key: 'verdict.notConfigured', params: {}, level: 'neutral' },
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
      paired: true,
    },
    problems: ftpDown ? [{ key: 'error.ftp.portTaken', params: { port: 21 } }] : [],
    verdict: ftpDown
      ? { key: 'verdict.ftpInactive', params: {}, level: 'bad' }
      : { key: 'verdict.upToDate.yesterday', params: { time: '22:04' }, level: 'good' },
    last: pastSessions()[0] ?? null,
    sites: role === 'hub' ? siteOverviews() : [],
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
      duration: endedAt.getTime() - startedAt.getTime(),
      sent: 2456 + index,
      received: 9712,
      bytesSent: 552_960,
      bytesReceived: 921_600,
      conflicts: 1,
      warnings: state === 'warnings' ? 2 : 0,
    };
  });
}

export function reportOf(role: Role, line: HistoryLine): Report {
  const start = Date.parse(line.startedAt);
  const failed = line.state === 'failed';
  const { id, startedAt, endedAt, state, trigger } = line;
  return {
    id,
    startedAt,
    endedAt,
    state,
    trigger,
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
    sites: [],
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
    {
      address: '203.0.113.45',
      attempts: 12,
      users: ['admin'],
      firstAt: Date.UTC(2026, 10, 24, 5, 21, 9),
      lastAt: Date.UTC(2026, 10, 24, 5, 30),
      until: Date.UTC(2026, 10, 25, 6, 30),
    },
    {
      address: '198.51.100.7',
      attempts: 31,
      users: ['root', 'site-9'],
      firstAt: Date.UTC(2026, 10, 22, 1, 2),
      lastAt: Date.UTC(2026, 10, 22, 1, 9),
      until: null,
    },
  ];
}

const PREFERENCES = {
  startWithSystem: false,
  startHidden: false,
  kiosk: false,
  language: 'fr',
  theme: 'light',
} as const;

/** One site up to date, one that sent nothing for three days, one retired. */
function siteOverviews(): SiteOverview[] {
  const results = pastSessions()
    .map(({ id, startedAt }) => ({ id, startedAt, state: 'upToDate' as const }))
    .reverse();
  const absent = results.map((result, index) =>
    index < 6 ? result : { ...result, state: 'absent' as const },
  );
  return [
    { number: 1, name: 'Colmar', state: 'upToDate', lastSuccess: '2026-11-23T21:04:00Z', results },
    { number: 2, name: 'Lyon', state: 'absent', lastSuccess: '2026-11-20T21:04:00Z', results: absent },
    { number: 3, name: 'Mulhouse', state: 'retired', lastSuccess: null, results: [] },
  ];
}

export function siteLines(): SiteLine[] {
  return siteOverviews().map(({ number, name, state, lastSuccess }) => ({
    number,
    name,
    active: state !== 'retired',
    lastSeen: lastSuccess,
    code: name === 'Lyon' ? { expired: true, expiresAt: '2026-11-20T21:04:00Z' } : null,
  }));
}

export function settingsOf({ role }: StubOptions): SettingsView {
  const proposals = { name: 'poste-1', address: 'poste-1' };
  if (role === null)
    return { values: null, faults: [], problem: { key: 'error.settings.missing', params: {} }, proposals };
  return { values: valuesOf(role), faults: [], problem: null, proposals };
}

function valuesOf(role: Role): SettingsValues {
  return {
    role,
    name: role === 'hub' ? 'Siège de Strasbourg' : 'Établissement de Colmar',
    database: 'sqlite:/srv/gym/gym.db',
    schedule: {
      departures: [{ time: '22:00', days: [1, 2, 3, 4, 5, 6, 7] }],
      timeZone: 'system',
      catchUpMinutes: 180,
    },
    receptionLimit: 90,
    waitLimit: 120,
    acknowledgementLimit: 30,
    policies: { default: 'newest', tables: { Reglements: 'hub' } },
    retention: { changes: 30, reports: 400, conflicts: 1100 },
    additive: {},
    hub:
      role === 'site'
        ? null
        : {
            port: 21,
            address: 'siege.example.org',
            passivePorts: { from: 30_000, to: 30_099 },
            tls: true,
            blocking: { threshold: 5, windowMinutes: 10, durationMinutes: 60, allow: ['192.168.1.0/24'] },
            pairingDays: 7,
          },
    site:
      role === 'hub'
        ? null
        : {
            number: 1,
            host: 'siege.example.org',
            port: 21,
            fingerprint: null,
            nextFingerprint: null,
            user: 'site-1',
            secret: { set: true },
            code: { set: false },
          },
    bandwidth: null,
    mail: {
      enabled: true,
      host: 'smtp.example.org',
      port: 587,
      security: 'starttls',
      user: 'gym@example.org',
      password: { set: true },
      from: 'gym@example.org',
      to: ['direction@example.org'],
      language: 'fr',
      onSuccess: false,
      onWarning: true,
      silenceHours: 48,
      weeklySummary: null,
    },
    preferences: PREFERENCES,
    password: { set: false },
  };
}

export function tablesView(role: Role): TablesView {
  const line = { generatedKey: true, tracking: 'installed' as const, addable: [], policy: null };
  return {
    prepared: 'this',
    pending: 12,
    tables: [
      { ...line, name: 'Adherents', columns: ['id', 'nom', 'mail'], key: ['id'] },
      { ...line, name: 'Passages', columns: ['id', 'adherent', 'date'], key: ['id'] },
      {
        ...line,
        name: 'Reglements',
        columns: ['id', 'montant'],
        key: ['id'],
        addable: ['montant'],
        policy: 'hub',
      },
      {
        ...line,
        name: 'Articles',
        columns: ['id', 'nom', 'quantite', 'reserve'],
        key: ['id'],
        addable: ['quantite', 'reserve'],
      },
    ],
    excluded: [{ name: 'Traces', reason: 'noKey' }],
    diagnostics: [
      {
        key: `diagnostic.generatedKey.${role}`,
        params: { table: 'Adherents' },
        level: 'warning',
        table: 'Adherents',
        remedy: null,
      },
    ],
  };
}
