import { describe, expect, test } from 'vitest';
import { historyCsv, type CsvTexts } from '../../../src/report/history-csv';
import { historyLine } from '../../../src/report/history-line';
import { indexReport, isFound, type HistoryFilter } from '../../../src/report/history-search';
import { reportSchema } from '../../../src/report/report-schema';
import { begun, failed } from './samples';

const texts: CsvTexts = {
  headings: ['Début', 'Fin', 'Durée (s)', 'État; en mots'],
  states: {
    running: 'En cours',
    ok: 'OK',
    warnings: 'Avertissements',
    partial: 'Partielle',
    idle: 'Rien reçu',
    stopped: 'Arrêtée',
    failed: '=Échec "net"',
  },
  triggers: { schedule: 'automatique', manual: 'manuel', request: 'demandée' },
};

describe('the line of a session', () => {
  test('adds up what its report counts', () => {
    const report = failed();
    const send = report.steps.find(({ name }) => name === 'send');
    if (send === undefined) throw new Error('a site sends');
    send.bytes = 700;
    expect(historyLine(report)).toEqual({
      id: '20261124-210000-123',
      startedAt: '2026-11-24T21:00:00.123Z',
      endedAt: '2026-11-24T23:03:32.123Z',
      state: 'failed',
      trigger: 'schedule',
      duration: 7_412_000,
      sent: 12_345,
      received: 0,
      bytesSent: 700,
      bytesReceived: 0,
      conflicts: 2,
      warnings: 1,
    });
    expect(historyLine(begun()).duration).toBeNull();
  });

  test('as CSV opens in a spreadsheet, and runs no formula there', () => {
    const csv = historyCsv([historyLine(failed())], texts, 'Europe/Paris');
    expect(csv.split('\r\n')).toEqual([
      '\uFEFFDébut;Fin;Durée (s);"État; en mots"',
      `2026-11-24 22:00:00;2026-11-25 00:03:32;7412;"'=Échec ""net""";automatique;12345;0;0;0;2;1`,
      '',
    ]);
  });
});

describe('a search in the sessions', () => {
  const session = indexReport(failed());
  const finds = (filter: HistoryFilter): boolean => isFound(session, filter);

  test('by what the report speaks of, whatever case and accents', () => {
    expect(finds({})).toBe(true);
    expect(finds({ text: ' LYÔN ' })).toBe(true);
    expect(finds({ text: '<SCRIPT>' })).toBe(true);
    expect(finds({ text: 'client' })).toBe(true);
    expect(finds({ text: 'marseille' })).toBe(false);
  });

  test('by period and state', () => {
    expect(finds({ from: '2026-11-24T21:00:00.123Z', to: '2026-11-25T00:00:00Z' })).toBe(true);
    expect(finds({ to: '2026-11-24T21:00:00.123Z' })).toBe(false);
    expect(finds({ from: '2026-11-24T22:30:00+01:00' })).toBe(false);
    expect(finds({ states: ['ok', 'failed'] })).toBe(true);
    expect(finds({ states: ['ok'] })).toBe(false);
    expect(finds({ states: [] })).toBe(true);
  });
});

test('a report of an older version is read, its sentences numbered and its establishments none', () => {
  const report = failed();
  const old = {
    ...report,
    sites: undefined,
    steps: report.steps.map(({ messages, ...step }) => ({
      ...step,
      messages: messages.map(({ key, params, level, at }) => ({ key, params, level, at })),
    })),
  };
  const read = reportSchema.parse(JSON.parse(JSON.stringify(old)));
  expect(read.sites).toEqual([]);
  expect(read.steps.flatMap(({ messages }) => messages)).toMatchObject([
    { id: 'send-1', about: { site: null, table: null } },
  ]);
});
