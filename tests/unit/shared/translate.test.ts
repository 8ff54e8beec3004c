import { expect, test } from 'vitest';
import { createTranslator, frenchPlural } from '../../../src/shared/translate';

const translate = createTranslator(
  { greeting: { hello: 'Bonjour {name}' }, rows: '{count} ligne | {count} lignes', both: 'first' },
  { sites: 'aucun site | un site | {count} sites', both: 'second', port: 'port {port}', at: "{'@'} {'|'}" },
);

test('puts parameters in, whatever they hold', () => {
  expect(translate('greeting.hello', { name: '{x} | @:both <b>' })).toBe('Bonjour {x} | @:both <b>');
});

test.each([
  [0, '0 ligne', 'aucun site'],
  [1, '1 ligne', 'un site'],
  [2, '2 lignes', '2 sites'],
  [12_345, '12\u202f345 lignes', '12\u202f345 sites'],
])('counts %s as the French do', (count, rows, sites) => {
  expect(translate('rows', { count })).toBe(rows);
  expect(translate('sites', { count })).toBe(sites);
});

test('sets thousands apart in quantities only', () => {
  expect(translate('port', { port: 30_000 })).toBe('port 30000');
});

test('gives the last source its say, and the key where there is no text', () => {
  expect(translate('both')).toBe('second');
  expect(translate('greeting')).toBe('greeting');
  expect(translate('absent.key', { count: 2 })).toBe('absent.key');
  expect(translate('toString')).toBe('toString');
});

test('lets a text hold what the syntax keeps for itself', () => {
  expect(translate('at')).toBe('@ |');
});

test('takes the plural from two on', () => {
  expect([0, 1, 1.5, 2].map((count) => frenchPlural(count, 2))).toEqual([0, 0, 0, 1]);
});
