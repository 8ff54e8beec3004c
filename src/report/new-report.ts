import type { Report, Role, StepName } from './report';

const STEPS: Readonly<Record<Role, readonly StepName[]>> = {
  hub: ['check', 'open', 'receiveBatches', 'merge', 'publish', 'waitAcknowledgements'],
  site: ['check', 'capture', 'write', 'send', 'wait', 'receive', 'apply', 'acknowledge'],
};

export interface NewReport extends Pick<Report, 'role' | 'name' | 'trigger' | 'application'> {
  /** Start of the session: milliseconds since 1970, UTC. */
  readonly now: number;
}

/** The report of a session that begins, every step pending. */
export function newReport({ now, ...session }: NewReport): Report {
  const startedAt = new Date(now).toISOString();
  return {
    id: reportId(startedAt),
    ...session,
    startedAt,
    endedAt: null,
    state: 'running',
    round: null,
    steps: STEPS[session.role].map((name) => ({
      name,
      state: 'pending',
      startedAt: null,
      endedAt: null,
      rows: 0,
      bytes: 0,
      messages: [],
    })),
    tables: [],
    sites: [],
    error: null,
  };
}

/** `2026-11-24T22:04:00.123Z` → `20261124-220400-123`. */
export function reportId(at: string): string {
  return at.replace(/[-:Z]/g, '').replace(/[T.]/g, '-');
}
