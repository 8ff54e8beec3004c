import { describe, expect, test } from 'vitest';
import engine from '../../../locales/fr/engine.json';
import { verdictOf, type VerdictFacts } from '../../../src/engine/verdict';
import type { SiteOverview, Verdict } from '../../../src/engine/contract';
import type { HistoryLine, SessionState, SiteSessionState } from '../../../src/report/report';
import { createTranslator } from '../../../src/shared/translate';

const ZONE = 'Europe/Paris';
/** 24 November, eight in the morning in Paris. */
const NOW = Date.parse('2026-11-24T07:00:00Z');
const translate = createTranslator(engine);

function line(state: SessionState, endedAt: string): HistoryLine {
  const numbers = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, conflicts: 0, warnings: 0 };
  return { id: 'x', startedAt: endedAt, endedAt, state, trigger: 'schedule', duration: 0, ...numbers };
}

const lastNight = line('ok', '2026-11-23T21:04:00Z');

const QUIET: VerdictFacts = {
  now: NOW,
  zone: ZONE,
  configured: true,
  problem: null,
  paired: true,
  ftp: { active: true, port: 21 },
  running: false,
  stopping: false,
  last: lastNight,
  lastSuccess: lastNight.endedAt,
  overdue: false,
  sites: [],
};

function site(name: string, states: readonly [at: string, state: SiteSessionState][]): SiteOverview {
  const results = states.map(([startedAt, state]) => ({ id: startedAt, startedAt, state }));
  return { number: 1, name, state: results.at(-1)?.state ?? 'expected', lastSuccess: null, results };
}

const lyon = site('Lyon', [
  ['2026-11-21T21:00:00Z', 'upToDate'],
  ['2026-11-22T21:00:00Z', 'absent'],
  ['2026-11-23T21:00:00Z', 'absent'],
]);

/** The verdict in words, non-breaking spaces as plain ones; a key without a text would show. */
function said(facts: Partial<VerdictFacts>): string {
  const { key, params } = verdictOf({ ...QUIET, ...facts });
  return translate(key, params).replace(/[\u00a0\u202f]/g, ' ');
}

const levelOf = (facts: Partial<VerdictFacts>): Verdict['level'] => verdictOf({ ...QUIET, ...facts }).level;

describe('the verdict', () => {
  test('says since when all is well, as people say it', () => {
    expect(said({})).toBe('Tout est à jour depuis hier à 22:04');
    expect(said({ now: Date.parse('2026-11-23T22:30:00Z') })).toBe('Tout est à jour depuis 22:04');
    expect(said({ now: NOW + 3 * 86_400_000 })).toBe('Tout est à jour depuis 4 jours');
    expect(levelOf({})).toBe('good');
  });

  test('counts midnights of the zone, not days of 24 hours', () => {
    const last = line('ok', '2026-11-23T22:59:00Z');
    expect(said({ last, now: Date.parse('2026-11-23T23:01:00Z') })).toBe(
      'Tout est à jour depuis hier à 23:59',
    );
  });

  test('names the establishment that sends nothing, and for how long', () => {
    expect(said({ sites: [lyon] })).toBe('Lyon n’a rien envoyé depuis 3 jours');
    expect(levelOf({ sites: [lyon] })).toBe('warning');
    const failedBefore = site('Metz', [
      ['2026-11-20T21:00:00Z', 'merged'],
      ['2026-11-22T21:00:00Z', 'expected'],
      ['2026-11-23T21:00:00Z', 'absent'],
    ]);
    expect(said({ sites: [failedBefore] })).toBe('Metz n’a rien envoyé depuis 4 jours');
    const newcomer = site('Nice', [['2026-11-23T21:00:00Z', 'absent']]);
    expect(said({ sites: [newcomer] })).toBe('Nice n’a encore rien envoyé');
    const today = site('Paris', [
      ['2026-11-24T05:00:00Z', 'upToDate'],
      ['2026-11-24T06:00:00Z', 'absent'],
    ]);
    expect(said({ sites: [today] })).toBe('Paris n’a rien envoyé à la dernière synchronisation');
    expect(said({ sites: [lyon, newcomer] })).toBe('2 établissements n’ont rien envoyé : Lyon, Nice');
  });

  test('asks whether an establishment that is away for two weeks comes back', () => {
    const metz = { ...lyon, number: 2, name: 'Metz', results: lyon.results.slice(1), lastSuccess: null };
    const later = NOW + 11 * 86_400_000;
    expect(said({ sites: [lyon], now: later - 86_400_000 })).toBe('Lyon n’a rien envoyé depuis 13 jours');
    const asked = 'Lyon n’a rien envoyé depuis 14 jours : s’il ne doit pas revenir, retirez-le';
    expect(said({ sites: [lyon], now: later })).toBe(asked);
    expect(said({ sites: [metz, lyon], now: later })).toBe(asked);
    expect(levelOf({ sites: [lyon], now: later })).toBe('warning');
  });

  test('leaves a retired establishment in peace', () => {
    expect(said({ sites: [{ ...lyon, state: 'retired' }] })).toBe('Tout est à jour depuis hier à 22:04');
  });

  test.each<[Partial<VerdictFacts>, string, Verdict['level']]>([
    [{ configured: false }, 'Ce poste n’est pas encore configuré', 'neutral'],
    [{ paired: false }, 'Cet établissement n’est pas encore relié au siège', 'warning'],
    [{ last: null, lastSuccess: null }, 'Aucune synchronisation encore', 'neutral'],
    [{ running: true }, 'Synchronisation en cours', 'busy'],
    [
      { running: true, stopping: true },
      'Arrêt en cours : la synchronisation se termine au prochain point sûr',
      'busy',
    ],
    [
      { ftp: { active: false, reason: 'portTaken' } },
      'Le serveur FTP est inactif : les établissements ne peuvent rien envoyer',
      'bad',
    ],
    [{ last: line('failed', '2026-11-24T05:00:00Z') }, 'La dernière synchronisation a échoué à 06:00', 'bad'],
    [
      { last: line('stopped', '2026-11-23T21:00:00Z') },
      'La dernière synchronisation a été arrêtée hier à 22:00',
      'warning',
    ],
    [
      { last: line('idle', '2026-11-23T21:00:00Z') },
      'Aucun établissement n’a envoyé ses données hier à 22:00',
      'warning',
    ],
    [
      { last: line('partial', '2026-11-22T21:00:00Z') },
      'La synchronisation d’il y a 2 jours s’est faite sans tous les établissements',
      'warning',
    ],
    [
      { last: line('warnings', '2026-11-23T21:00:00Z') },
      'Tout est à jour depuis hier à 22:00, avec des avertissements à lire',
      'warning',
    ],
    [
      { overdue: true, lastSuccess: '2026-11-20T21:04:00Z' },
      'Aucune synchronisation complète depuis 4 jours',
      'bad',
    ],
  ])('%o', (facts, text, level) => {
    expect(said(facts)).toBe(text);
    expect(levelOf(facts)).toBe(level);
  });

  test('says what is wrong with the settings, or beside any session', () => {
    const problem = { key: 'error.settings.unreadable', params: { reason: 'JSON' } };
    expect(verdictOf({ ...QUIET, configured: false, problem })).toEqual({ ...problem, level: 'bad' });
    expect(verdictOf({ ...QUIET, problem })).toEqual({ ...problem, level: 'bad' });
  });

  test('puts the worst fact first', () => {
    const all = {
      sites: [lyon],
      last: line('failed', '2026-11-23T21:00:00Z'),
      overdue: true,
      ftp: { active: false, reason: 'listen' } as const,
    };
    expect(verdictOf({ ...QUIET, ...all }).key).toBe('verdict.ftpInactive');
    expect(verdictOf({ ...QUIET, ...all, ftp: null }).key).toBe('verdict.failed.yesterday');
    expect(verdictOf({ ...QUIET, ...all, ftp: null, last: lastNight }).key).toBe('verdict.overdue');
    expect(verdictOf({ ...QUIET, ...all, ftp: null, last: lastNight, overdue: false }).key).toBe(
      'verdict.siteSilent',
    );
  });

  test('takes a server that nobody has started for no fault', () => {
    expect(said({ ftp: { active: false, reason: null } })).toBe('Tout est à jour depuis hier à 22:04');
  });
});
