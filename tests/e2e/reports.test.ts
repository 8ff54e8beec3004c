import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { catchPrints, printed, saveAs } from './support/files';
import { look, resize, setTheme } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';

const SECOND = '20261122-210000-000';
const WARNED = '20261121-210000-000';
const FAILED = '20261119-210000-000';

function selected(app: StubApp): Promise<string> {
  return app.driver.executeScript<string>(
    'return document.querySelector("#sessions .selected")?.dataset.id ?? ""',
  );
}

test('a double click on a session opens its report', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.doubleClick(`#recent [data-id="${SECOND}"]`);
  await app.find('#report-document');
  expect(await selected(app)).toBe(SECOND);
  expect(await app.text('#report-document')).toContain('22/11/2026 22:00:00');
  expect(await app.text('#report-document')).toContain('Adherents');
  await look(app, 'report');
  await app.click('#nav-progress');
  await app.find('#log');
});

test('Enter on a session opens its report; arrows walk through the list', async () => {
  const app = await startStubApp({ role: 'site' });
  const row = await app.find(`#recent [data-id="${SECOND}"]`);
  await row.sendKeys(Key.ENTER);
  await app.find('#report-document');
  const listed = await app.find(`#sessions [data-id="${SECOND}"]`);
  await listed.sendKeys(Key.ARROW_DOWN);
  await app.wait('the next report', async () => (await app.text('#report-document')).includes('21/11/2026'));
});

test('a failed session has a whole report too', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#report');
  await app.click(`#sessions [data-id="${FAILED}"]`);
  await app.find('#report-document .fault');
  await look(app, 'report-failed');
});

test('"Imprimer" prints the report and nothing else', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#report');
  await app.find('#report-document');
  await catchPrints(app);
  await app.click('#print');
  const paper = await printed(app);
  expect(paper).toContain('Rapport de synchronisation');
  expect(paper).not.toContain('Imprimer');
});

test('"Enregistrer en PDF" writes the whole report, accents included, whatever the theme', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#report');
  await app.click(`#sessions [data-id="${WARNED}"]`);
  await app.find('#report-warnings');
  await setTheme(app, 'dark');
  const file = path.join(app.dataFolder, 'rapport.pdf');
  expect(await saveAs(app, '#save-pdf', file)).toBe('Rapport Siège de Strasbourg 20261121.pdf');
  await app.find('.notice.done');
  expect(await app.text('.notice.done')).toContain(file);
  const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  expect(text).toMatch(/Rapport de synchronisation\s+OK avec avertissements/);
  expect(text).toMatch(/Établissement\s+Siège de Strasbourg \(siège\)/);
  expect(text).toMatch(/Vérifications\s+22:00:00\s+28 s\s+terminée/);
  expect(text).toMatch(/Colmar\s+À jour\s+9\s324\s+553\s*ko\s+1\s+0/);
  expect(text).not.toMatch(/Imprimer|Suivi|voir la ligne/);
  expect(existsSync(`${file}.part`)).toBe(false);
});

test('a PDF that cannot be written is told in words', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#report');
  await app.find('#report-document');
  const file = path.join(app.dataFolder, 'rapport.pdf');
  mkdirSync(`${file}.part`);
  await saveAs(app, '#save-pdf', file);
  await app.find('.notice.error');
  expect(await app.text('.notice.error')).toMatch(/rapport\.pdf n’a pas pu être enregistré \(EISDIR\)/);
});

test('the list is searched by words, period and state', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#report');
  const found = (text: string): Promise<void> =>
    app.wait(text, async () => (await app.text('.count')) === text);
  await found('9 synchronisations');
  await app.click('#states option[value=warnings]');
  await found('1 synchronisation');
  expect(await app.exists(`#sessions [data-id="${WARNED}"]`)).toBe(true);
  await app.click('#states option:first-child');
  await found('9 synchronisations');
  await (await app.find('#period-first input')).sendKeys('20/11/2026', Key.ENTER);
  await found('4 synchronisations');
  await (await app.find('#period-last input')).sendKeys('21/11/2026', Key.ENTER);
  await found('2 synchronisations');
  const search = await app.find('#search');
  await search.sendKeys('lyon');
  await found('2 synchronisations');
  await search.sendKeys(' est inconnu');
  await found('Aucune synchronisation trouvée');
  await look(app, 'reports-none');
});

test('the list is exported as a spreadsheet opens it', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#report');
  await app.find('#sessions');
  const file = path.join(app.dataFolder, 'liste.csv');
  expect(await saveAs(app, '#export-csv', file)).toBe('Synchronisations.csv');
  await app.find('.notice.done');
  const bytes = readFileSync(file);
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const lines = bytes.toString('utf8').slice(1).split('\r\n');
  expect(lines[0]).toBe(
    'Début;Fin;Durée (s);État;Lancement;Lignes envoyées;Lignes reçues;Octets envoyés;Octets reçus;Conflits;Avertissements',
  );
  expect(lines[3]).toBe('20261121-210000-000;OK avec avertissements;automatique, à l’heure de départ');
  expect(lines).toHaveLength(11);
});

test('a warning leads to the very line that it speaks of', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#report');
  await app.click(`#sessions [data-id="${WARNED}"]`);
  await look(app, 'report-warnings');
  for (const [warning, line] of [
    ['merge-2', 'line-site-1-table-Adherents'],
    ['merge-1', 'line-table-Reglements'],
  ]) {
    await app.click(`[data-leads="${warning ?? ''}"]`);
    const led = await app.find('tr.pointed');
    expect(await led.getAttribute('id')).toBe(line);
    expect(await app.driver.switchTo().activeElement().getAttribute('id')).toBe(line);
  }
  await look(app, 'report-line');
  await app.click('.sites .count');
  await app.find('#conflicts-screen');
  expect(
    await app.driver.executeScript('return document.querySelector("#table").selectedOptions[0].text'),
  ).toBe('Adherents');
});

test('charts show durations, rows and volumes, and say them', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#report');
  await app.click('[data-view="charts"]');
  await app.find('canvas');
  const labels = await Promise.all(
    (await app.driver.findElements({ css: 'canvas' })).map((canvas) => canvas.getAttribute('aria-label')),
  );
  expect(labels[0]).toMatch(/^Durée\. Durée\s: de 4 min 10 s à 5 min 6 s, la dernière fois 4 min 10 s\.$/);
  expect(labels[1]).toMatch(/^Lignes échangées\. Envoyées\s: de 2\s456 à 2\s464/);
  expect(labels[2]).toContain('921,6');
  await look(app, 'charts');
  await app.click('.figures summary');
  expect(await app.text('.figures table')).toMatch(/19\/11\/2026 22:00:00\s+Échec\s+4 min 38 s/);
  await look(app, 'charts-figures');
});

test('1024 × 700 shows the list, the report and the charts', async () => {
  const app = await startStubApp({ role: 'hub' });
  await resize(app, 1024, 700);
  await app.click('#report');
  await app.find('#report-document');
  await look(app, 'report-small');
  await app.click('[data-view="charts"]');
  await app.find('canvas');
  await look(app, 'charts-small');
});

test('a wide window shows the list and the report side by side', async () => {
  const app = await startStubApp({ role: 'hub' });
  await resize(app, 1380, 860);
  await app.click('#report');
  await app.click(`#sessions [data-id="${WARNED}"]`);
  await app.find('#report-warnings');
  await look(app, 'report-wide');
});
