import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../../src/report/report';
import { renderPdf } from '../../../src/report/render-pdf';
import { letterTexts } from '../../../src/mail/texts';
import { failed } from './samples';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pdf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a reader sees, with spaces of all widths as plain ones. */
async function read(report: Report): Promise<string> {
  const file = join(folder, 'report.pdf');
  writeFileSync(file, await renderPdf(report, letterTexts.fr, { locale: 'fr', zone: 'Europe/Paris' }));
  const { status, stdout, stderr } = spawnSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.replace(/[\u00a0\u202f]/g, ' ');
}

test('a report as a PDF says what the page says, accents and figures included', async () => {
  const report = failed();
  const told: Report = {
    ...report,
    name: 'Orléans – Œuvre « été »',
    steps: report.steps.map((step) => ({
      ...step,
      messages: step.messages.map((message) => ({ ...message, params: { table: 'élève' } })),
    })),
  };
  const text = await read(told);
  expect(text).toContain('Rapport de synchronisation');
  expect(text).toMatch(/Établissement +Orléans – Œuvre « été » \(serveur\)/);
  expect(text).toMatch(/Début +mardi 24 novembre 2026 à 22:00:00/);
  expect(text).toContain('Le siège refuse l’identifiant "><img>.');
  expect(text).toMatch(/Relevé des modifications +terminée +1 min 31 s +1 234 +45,7 Ko/);
  expect(text).toMatch(/Mise à jour de la base +non exécutée/);
  expect(text).toMatch(/Avertissement – 22:01:33 La table élève n’a pas la même structure partout/);
  expect(text).toMatch(/l'<script> +12 345 +0 +2 +0/);
});

test('a report of a thousand lines runs over many pages and loses none', async () => {
  const report = failed();
  const tables = Array.from({ length: 400 }, (_, at) => ({
    table: `table_${String(at)}`,
    sent: at,
    received: 0,
    conflicts: 0,
    refused: 0,
  }));
  const [first, ...others] = report.steps;
  if (first === undefined) return expect.unreachable();
  const messages = Array.from({ length: 600 }, (_, at) => ({
    id: `check-${String(at)}`,
    about: { site: null, table: null },
    key: 'session.site.applied',
    params: { round: at },
    level: 'info' as const,
    at: '2026-11-24T21:00:01.000Z',
  }));
  const text = await read({
    ...report,
    tables,
    steps: [{ ...first, messages }, ...others.map((step) => ({ ...step, messages: [] }))],
  });
  expect(text.match(/\btable_\d+/g)).toHaveLength(400);
  expect(text.match(/Synchronisation n° \d+ appliquée/g)).toHaveLength(600);
  expect(text.split('\f').length).toBeGreaterThan(12);
});

test('letters that the fonts lack are refused rather than shown wrong', async () => {
  await expect(read({ ...failed(), name: 'Αθήνα' })).rejects.toThrow('letters');
});
