/** The help: its pages are whole in both languages, lead nowhere in vain, and speak of every button. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { helpPage, pictures } from '../../../build/help-pages.mjs';
import { sourcesOf, textsOf } from './sources';

const root = path.join(import.meta.dirname, '../../..');

function pagesOf(language: 'fr' | 'en') {
  const folder = path.join(root, 'locales', language, 'help');
  return readdirSync(folder).map((file) => {
    const source = readFileSync(path.join(folder, file), 'utf8');
    return { name: path.basename(file, '.md'), source, page: helpPage(source) };
  });
}

const french = pagesOf('fr');
const english = pagesOf('en');

/** In lower case, with plain spaces and apostrophes. */
function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').replaceAll('’', "'");
}

/** Buttons that say by themselves what they do, or that a page describes by what they are for. */
const EXCEPTIONS = ['button.ok', 'button.stopping', 'screen.unconfigured.restart'];

test('there is a page of each name in both languages', () => {
  expect(english.map(({ name }) => name)).toEqual(french.map(({ name }) => name));
  expect(french.length).toBeGreaterThan(12);
});

test.each([
  ['fr', french],
  ['en', english],
] as const)('every link and picture of the %s pages is there', (_language, pages) => {
  const anchors = new Map(
    pages.map(({ name, page }) => [name, page.sections.map(({ anchor }) => anchor)] as const),
  );
  const broken = pages.flatMap(({ name, page }) =>
    page.links.filter(({ page: to, anchor }) => {
      const there = anchors.get(to ?? name);
      return there === undefined || (anchor !== null && !there.includes(anchor));
    }),
  );
  expect(broken).toEqual([]);
  const shown = pages.flatMap(({ source }) => [...source.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)]);
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.filter(([, alt, file]) => alt === '' || !existsSync(path.join(pictures, file ?? '')))).toEqual(
    [],
  );
});

test('the French pages follow French typography', () => {
  const breakable = /[^\s|] [:;!?»]|« |n° |'/;
  const lines = french.flatMap(({ source }) => source.replace(/`[^`]*`/g, '').split('\n'));
  expect(lines.filter((line) => breakable.test(line))).toEqual([]);
});

test('the French pages speak of every button', () => {
  const help = plain(french.map(({ source }) => source).join('\n'));
  const texts = new Map(textsOf('fr').flatMap((file) => [...file.texts]));
  const buttons = sourcesOf('app').flatMap(({ code }) =>
    [...code.matchAll(/<ElButton\b.*?<\/ElButton>/gs)].flatMap(([button]) =>
      // What stands between the tags is the label; a title explains it.
      [...button.matchAll(/\{\{(.*?)\}\}/gs)].flatMap(([, shown]) =>
        [...(shown ?? '').matchAll(/'(\w+(?:\.\w+)+)'/g)].map(([, key]) => key ?? ''),
      ),
    ),
  );
  expect(buttons.length).toBeGreaterThan(15);
  // Of a label with a plural, one form is enough.
  const spoken = (key: string): boolean =>
    (texts.get(key) ?? key).split(' | ').some((form) => help.includes(plain(form)));
  const unspoken = [...new Set(buttons)].filter((key) => !EXCEPTIONS.includes(key) && !spoken(key));
  expect(unspoken).toEqual([]);
});

test('the French pages speak of every field of Suivi, every state and every step', () => {
  const help = plain(french.map(({ source }) => source).join('\n'));
  const spoken =
    /^(step|siteState|check|tray\.(open|synchronise|lastReport|quit)|progress\.figure|path|field\.(lastSynchronisation|departure|mode|siteCount|receptionLimit|ftp|log|history|blocked|start|end|state)|screen\.\w+\.title)(\.|$)/;
  const missing = textsOf('fr')
    .flatMap(({ texts }) => [...texts])
    .filter(
      ([key]) =>
        spoken.test(key) && key !== 'screen.unconfigured.title' && key !== 'screen.engineStopped.title',
    )
    .filter(([, text]) => !help.includes(plain(text)));
  expect(missing).toEqual([]);
});

test('the help says what is exchanged, what is needed and which ports are used', () => {
  const before = plain(french.find(({ name }) => name === 'before')?.source ?? '');
  const said = [
    'les données financières et comptables comprises',
    'vérifiez régulièrement',
    '512 kbit/s',
    '1 go de mémoire',
    'adresse ip fixe',
    'dns dynamique',
    'onduleur',
    'celui où se trouve la base de données',
    'le port 20',
    '| 21 ',
  ];
  expect(said.filter((words) => !before.includes(words))).toEqual([]);
});
