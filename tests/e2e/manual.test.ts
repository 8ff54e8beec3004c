/** The list of ticks: every sentence of the original manual has a test that shows it, or what has come in its place. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DIGEST, TICKS } from './manual-sentences';

const tests = path.join(import.meta.dirname, '..');
const titles = new Set(
  readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => {
      const code = readFileSync(path.join(tests, name), 'utf8');
      return [...code.matchAll(/\btest\(\s*(['"`])(.*?)\1,/gs)].map(([, , title]) => title ?? '');
    }),
);

test('the list holds every sentence of the manual, as it stands there', () => {
  const sentences = TICKS.map(({ sentence }) => sentence);
  expect(createHash('sha256').update(sentences.join('\n')).digest('hex')).toBe(DIGEST);
});

test('every sentence has its test, or what has come in its place', () => {
  const bare = TICKS.filter(
    ({ tests: named = [], superseded = '' }) => named.length === 0 && superseded === '',
  );
  expect(bare).toEqual([]);
});

test('every test that a sentence names is there', () => {
  expect(titles.size).toBeGreaterThan(100);
  const named = TICKS.flatMap(({ tests: each = [] }) => each);
  expect(named.filter((title) => !titles.has(title))).toEqual([]);
});
