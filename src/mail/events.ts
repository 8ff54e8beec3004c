import type { Report } from '../report/report';
import type { MailEvent } from './port';

const MEGABYTE = 1_000_000;

/** What a session that has ended may be worth letters for: its end, and what it found to be running low. */
export function eventsOf(report: Report): MailEvent[] {
  const warnings = report.steps.flatMap(({ messages }) => messages);
  const low = warnings.flatMap(({ key, params }): MailEvent[] => {
    const { table, left, megabytes } = params;
    if (key === 'session.keyRange' && typeof table === 'string' && typeof left === 'number')
      return [{ kind: 'keyRange', table, left }];
    if (key === 'session.diskLow' && typeof megabytes === 'number')
      return [{ kind: 'disk', free: megabytes * MEGABYTE }];
    return [];
  });
  return [{ kind: 'session', report }, ...low];
}
