import { expect, test } from 'vitest';
import engine from '../../../locales/fr/engine.json';
import { renderHtml } from '../../../src/report/render-html';
import { renderText } from '../../../src/report/render-text';
import { createTranslator } from '../../../src/shared/translate';
import { begun, failed } from './samples';

const translate = createTranslator(engine);
const options = { zone: 'Europe/Paris' };

/** Spaces of all widths as plain ones, so that expectations can be read. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

test('a report on the terminal says what happened, step by step', () => {
  const text = plain(renderText(failed(), translate, options));
  expect(text).toContain('Établissement        Lyon (serveur)');
  expect(text).toContain('Début                mardi 24 novembre 2026 à 22:00:00');
  expect(text).toContain('Durée                2 h 03 min');
  expect(text).toContain('✘ Le siège refuse l’identifiant "><img>.');
  expect(text).toContain('✔ Relevé des modifications — terminée, 1 min 31 s, 1 234 lignes, 45,7 Ko');
  expect(text).toContain('✘ Envoi au siège — en échec, 2 h 02 min');
  expect(text).toContain('· Mise à jour de la base — non exécutée');
  expect(text).toMatch(/l'<script> +12 345 +0 +2 +0$/m);
});

test('a hub’s report has a line for each establishment', () => {
  const report = {
    ...failed(),
    sites: [
      {
        number: 1,
        name: 'Lyon <1>',
        state: 'upToDate' as const,
        rows: 1200,
        bytes: 45_678,
        tables: [
          { table: 'member', received: 1000, conflicts: 2, refused: 1 },
          { table: 'visit', received: 200, conflicts: 1, refused: 0 },
        ],
      },
      { number: 2, name: 'Paris', state: 'absent' as const, rows: 0, bytes: 0, tables: [] },
    ],
  };
  const text = plain(renderText(report, translate, options));
  expect(text).toMatch(/^ {2}Lyon <1> +À jour +1 200 +3 +1 +45,7 Ko$/m);
  expect(text).toMatch(/^ {2}Paris +Absent +0 +0 +0 +0 octets$/m);
  const html = plain(renderHtml(report, translate, options));
  expect(html).toContain('<td>Lyon &lt;1&gt;</td><td>À jour</td><td class="number">1 200</td>');
});

test('names cannot move the cursor nor make lines', () => {
  const text = renderText(failed(), translate, options);
  expect(text).not.toContain('\u001b');
  expect(plain(text)).toContain('22:01:33  Avertissement – La table <b>client</b> [2J n’a pas');
});

test('a printed report escapes all that others wrote', () => {
  const html = renderHtml(failed(), translate, options);
  expect(html).toContain('&lt;b&gt;client&lt;/b&gt;');
  expect(html).toContain('l&#39;&lt;script&gt;');
  expect(html).toContain('&quot;&gt;&lt;img&gt;');
  expect(html).not.toMatch(/<(script|img|b)\b/);
  expect(html).not.toMatch(/src=|href=|url\(/);
  expect(plain(html)).toContain('<td class="number">12 345</td>');
});

test('a report under way has no end, no table and no error', () => {
  const text = renderText(begun(), translate, options);
  expect(text).not.toMatch(/^Fin|^Durée|✘/m);
  expect(renderHtml(begun(), translate, options)).not.toContain('class="error"');
});

test('every text of a report has its key', () => {
  for (const text of [renderText(failed(), translate), renderHtml(failed(), translate)])
    expect(text).not.toMatch(/\b(report|step|stepState|state|level|error|session)\.[a-zA-Z]/);
});
