/** Every key that a screen names has its text, and every text of the screens is named somewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import texts from '../../../locales/fr/screens.json';

const APP = path.join(import.meta.dirname, '../../../app');

type Texts = { readonly [key: string]: string | Texts };

function flatten(tree: Texts, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : flatten(value, `${prefix}${key}.`),
  );
}

/** Keys as the sources write them; `${…}` stands for one level. `texts.app.name` is the background page's way. */
function namedKeys(): string[] {
  const sources = readdirSync(APP, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(vue|ts)$/.test(file))
    .map((file) => readFileSync(path.join(APP, file), 'utf8'));
  const key = /(?:['"`]|\btexts\.)((?:app|screen|button|field|dialog|help)\.(?:[\w.]|\$\{[^}]*\})+)/g;
  return sources.flatMap((source) => [...source.matchAll(key)].map(([, name]) => name ?? ''));
}

function matches(name: string, key: string): boolean {
  return new RegExp(`^${name.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '\\w+')}$`).test(key);
}

test('texts and keys of the screens are the same set', () => {
  const keys = flatten(texts);
  const names = namedKeys();
  expect(names.filter((name) => !keys.some((key) => matches(name, key)))).toEqual([]);
  expect(keys.filter((key) => !names.some((name) => matches(name, key)))).toEqual([]);
});
