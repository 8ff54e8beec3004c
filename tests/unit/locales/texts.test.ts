/** Every text is used, is there in both languages, and none sits outside locales/. */
import { describe, expect, test } from 'vitest';
import { literals, sourcesOf, textsOf, withoutComments } from './sources';

const french = textsOf('fr');
const english = textsOf('en');
const app = sourcesOf('app');
const sources = [...app, ...sourcesOf('src')];
const code = sources.map((source) => withoutComments(source.code)).join('\n');

function found(pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map(([, key]) => key ?? '');
}

/** Keys as the code writes them; `texts.app.name` is the background page's way. */
const named = new Set([...found(/['"`](\w+(?:\.\w+)+)['"`]/g), ...found(/\btexts\.(\w+(?:\.\w+)+)/g)]);
const words = new Set(found(/(\w+)/g));

/** Keys that the code puts together: `state.${state}`. */
const composed = found(/`([a-z]\w*\.(?:[\w.]|\$\{[^{}]*\})*\$\{[^{}]*\}[\w.]*)`/g).map((template) => {
  const parts = template.split(/\$\{[^{}]*\}/).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('([\\w.]+?)')}$`);
});

/** The engine gives these; the screen of conflicts will show them. */
const AWAITED = /^conflict\.reason\./;

/** A key that the code names in part and ends later: `verdict.failed`, then `today`. */
function isBegun(key: string): boolean {
  const [, base = '', ending = ''] = /^(.*)\.(\w+)$/.exec(key) ?? [];
  return named.has(base) && words.has(ending);
}

function isUsed(key: string): boolean {
  // An error is named by its code.
  if (key.startsWith('error.') && isUsed(key.slice('error.'.length))) return true;
  if (named.has(key) || isBegun(key) || AWAITED.test(key)) return true;
  // What stands for `${…}` is written somewhere too, else the key is a leftover.
  return composed.some((pattern) => {
    const variables = pattern.exec(key)?.slice(1);
    return variables?.every((name) => named.has(name) || words.has(name)) ?? false;
  });
}

function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''))].sort();
}

function forms(text: string): number {
  return text.split(/\s\|\s/).length;
}

describe('the texts', () => {
  test('are the same keys in French and in English, file by file', () => {
    const keys = (files: typeof french) => files.map(({ name, texts }) => [name, [...texts.keys()]]);
    expect(keys(english)).toEqual(keys(french));
  });

  test('have the same placeholders and plural forms in both languages', () => {
    const translated = new Map(english.flatMap(({ texts }) => [...texts]));
    const differing = french
      .flatMap(({ texts }) => [...texts])
      .filter(([key, text]) => {
        const other = translated.get(key) ?? '';
        return forms(text) !== forms(other) || placeholders(text).join() !== placeholders(other).join();
      });
    expect(differing).toEqual([]);
  });

  test('are in one file each', () => {
    const keys = french.flatMap(({ texts }) => [...texts.keys()]);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  test('are none of them empty', () => {
    const all = [...french, ...english].flatMap(({ texts }) => [...texts]);
    expect(all.filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  test('follow French typography, but for those of the terminal', () => {
    const breakable = /[^\s] [:;!?»]|« |[^\u00a0\u202f:/][;!?](?!\w)|n° |'/;
    const shown = french.filter(({ name }) => name !== 'cli.json' && name !== 'demo.json');
    const wrong = shown.flatMap(({ texts }) => [...texts]).filter(([, text]) => breakable.test(text));
    // The button of the manual is the mark alone.
    expect(wrong.filter(([key]) => key !== 'button.help')).toEqual([]);
  });

  test('are all used', () => {
    const unused = french.flatMap(({ texts }) => [...texts.keys()].filter((key) => !isUsed(key)));
    expect(unused).toEqual([]);
  });
});

test('every key that a screen names has its text', () => {
  const keys = french.flatMap(({ texts }) => [...texts.keys()]);
  const translated = /(?:\bt|\bte|keypath)\(?=?['"]([\w.]+)['"]/g;
  const names = app.flatMap((source) => [...source.code.matchAll(translated)].map(([, key]) => key ?? ''));
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter((name) => !keys.includes(name))).toEqual([]);
  const families = new Set(keys.map((key) => key.split('.')[0]));
  const put = composed.filter(({ source }) => families.has(/^\^(\w+)/.exec(source)?.[1] ?? ''));
  expect(put.filter((pattern) => !keys.some((key) => pattern.test(key)))).toEqual([]);
});

describe('no French outside locales/', () => {
  test('no accented letter in a quoted text', () => {
    const accented = sources
      .filter(({ file }) => !file.startsWith('src/demo/'))
      .flatMap(({ file, code }) => literals(code).map((text) => `${file}: ${text}`))
      .filter((text) => /[àâäçéèêëîïôöùûüœ«»’]/i.test(text));
    expect(accented).toEqual([]);
  });

  test('no words between the tags of a template, nor in an attribute that is read or shown', () => {
    const words = app
      .filter(({ file }) => file.endsWith('.vue'))
      .flatMap(({ file, code }) => {
        const template = withoutComments(/<template>.*<\/template>/s.exec(code)?.[0] ?? '').replace(
          /\{\{.*?\}\}/gs,
          '',
        );
        const between = [...template.matchAll(/(?<=>)[^<>]*(?=<)/g)].map(([text]) => text);
        const attributes = [
          ...template.matchAll(/\s(?:title|label|placeholder|alt|aria-label|description)="([^"]*)"/g),
        ].map(([, text]) => text ?? '');
        return [...between, ...attributes]
          .filter((text) => /\p{L}{2}/u.test(text))
          .map((text) => `${file}: ${text.trim()}`);
      });
    expect(words).toEqual([]);
  });
});
