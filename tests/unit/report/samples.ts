import { newReport } from '../../../src/report/new-report';
import type { Report } from '../../../src/report/report';

export const START = Date.parse('2026-11-24T21:00:00.123Z');

/** A session that began `minutes` after START, as it is at once. */
export function begun(minutes = 0): Report {
  return newReport({
    role: 'site',
    name: 'Lyon',
    trigger: 'schedule',
    application: '1.0.0',
    now: START + minutes * 60_000,
  });
}

/** One that went as far as the sending, and failed there. */
export function failed(): Report {
  const report = begun();
  for (const step of report.steps.slice(0, 3)) {
    step.state = 'done';
    step.startedAt = '2026-11-24T21:00:01.000Z';
    step.endedAt = '2026-11-24T21:01:31.500Z';
    step.rows = 1234;
    step.bytes = 45_678;
  }
  const send = report.steps[3];
  if (send === undefined) throw new Error('a site sends');
  send.state = 'failed';
  send.startedAt = '2026-11-24T21:01:32.000Z';
  send.endedAt = '2026-11-24T23:03:32.000Z';
  send.messages.push({
    id: 'send-1',
    about: { site: null, table: null },
    key: 'session.tableHeld',
    params: { table: '<b>client</b>\n\u001b[2J' },
    level: 'warning',
    at: '2026-11-24T21:01:33.000Z',
  });
  report.tables.push({ table: "l'<script>", sent: 12_345, received: 0, conflicts: 2, refused: 0 });
  report.state = 'failed';
  report.endedAt = '2026-11-24T23:03:32.123Z';
  report.error = { code: 'hub.login', params: { user: '"><img>' } };
  return report;
}
