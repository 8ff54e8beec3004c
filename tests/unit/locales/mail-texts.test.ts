import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import engineEnglish from '../../../locales/en/engine.json';
import mailEnglish from '../../../locales/en/mail.json';
import engineFrench from '../../../locales/fr/engine.json';
import mailFrench from '../../../locales/fr/mail.json';
import { letterTexts } from '../../../src/mail/texts';
import { flatten } from '../../../src/shared/translate';

const letters = new Map(flatten(mailFrench));
const engine = new Map(flatten(engineFrench));
const sources = readdirSync('src/mail').map((name) => readFileSync(join('src/mail', name), 'utf8'));

function named(pattern: RegExp): string[] {
  return [...new Set(sources.flatMap((source) => [...source.matchAll(pattern)].map(([, key]) => key ?? '')))];
}

/** `${…}` stands for one level of a key. */
const matches = (name: string, key: string): boolean =>
  new RegExp(`^${name.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '\\w+')}$`).test(key);

/** What a translation must keep of a text: its parameters, and how many forms it has. */
const shape = (text: string): string =>
  JSON.stringify([
    [...new Set(text.match(/\{\w+\}/g) ?? [])].sort(),
    text.replace(/\{'\|'\}/g, '').split(' | ').length,
  ]);

describe('the texts of letters', () => {
  test('and the keys that the sources name are the same set', () => {
    const names = named(/['`](letter\.(?:[\w.]|\$\{[^}]*\})+)['`]/g);
    const keys = [...letters.keys()];
    expect(names.filter((name) => !keys.some((key) => matches(name, key)))).toEqual([]);
    expect(keys.filter((key) => !names.some((name) => matches(name, key)))).toEqual([]);
  });

  test('have the sentences for the log and for what is wrong among those of the engine', () => {
    const logged = named(/'(mailing\.\w+)'/g);
    const all = [...engine.keys()].filter((key) => key.startsWith('mailing.'));
    expect([...logged].sort()).toEqual(all.sort());
    const codes = named(/'(mail\.[a-z]\w+)'/g).map((code) => `error.${code}`);
    const errors = [...engine.keys()].filter((key) => key.startsWith('error.mail.'));
    expect(codes.sort()).toEqual(errors.sort());
  });

  test('follow French typography', () => {
    const breakable = /[^\s] [:;!?»]|« |[^\u00a0\u202f:/][;!?](?!\w)|n° |'/;
    expect([...letters].filter(([, text]) => breakable.test(text))).toEqual([]);
  });
});

describe('the English texts', () => {
  /** What letters and the reports that go with them say. */
  const groups = ['error', 'session', 'step', 'state', 'stepState', 'level', 'report'];
  const french = new Map(
    [...engine, ...letters].filter(([key]) => [...groups, 'letter'].includes(key.split('.')[0] ?? '')),
  );
  const english = new Map([...flatten(engineEnglish), ...flatten(mailEnglish)]);

  test('have each text of a letter or a report, with the same parameters and forms', () => {
    const missing = [...french.keys()].filter((key) => !english.has(key));
    const differing = [...french]
      .filter(([key, text]) => shape(text) !== shape(english.get(key) ?? text))
      .map(([key]) => key);
    expect({ missing, differing }).toEqual({ missing: [], differing: [] });
  });

  test('can be read by the translator, one and several', () => {
    expect([...english.keys()].filter((key) => letterTexts.en(key, { count: 2 }) === key)).toEqual([]);
    expect(letterTexts.en('report.rows', { count: 1 })).toBe('1 row');
    expect(letterTexts.en('report.rows', { count: 0 })).toBe('0 rows');
    expect(letterTexts.en('report.rows', { count: 1200 })).toBe('1,200 rows');
    expect(letterTexts.fr('report.rows', { count: 0 })).toBe('0 ligne');
  });
});
