import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import engine from '../../../locales/fr/engine.json';
import { CHECKS, EXAMINED } from '../../../src/engine/contract';
import { newReport } from '../../../src/report/new-report';
import { createTranslator, flatten } from '../../../src/shared/translate';

const texts = new Map(flatten(engine));
const translate = createTranslator(engine);

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function found(pattern: RegExp): string[] {
  const all = sources('src').flatMap((source) =>
    [...source.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
  return [...new Set(all)].sort();
}

/** Findings that are chosen by an expression. */
const CHOSEN = ['clockBehind', 'clockAhead'];

const SESSION = { name: '', trigger: 'manual', application: '', now: 0 } as const;

describe('the French texts of the engine', () => {
  test('has one for each error code that the source names', () => {
    const codes = found(/new SyncError\(\s*(?:[^'",;()]*\?\s*)?'([a-zA-Z.]+)'/g);
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !texts.has(`error.${code}`))).toEqual([]);
  });

  test('has one for each code that is chosen in the midst of an expression', () => {
    const codes = found(/'((?:hub|ftp|disk|pairing|batch|data)\.[a-z][a-zA-Z]+)'/g);
    const settings = ['hub.address', 'hub.port', 'hub.pairingDays'];
    expect(codes.filter((code) => !settings.includes(code) && !texts.has(`error.${code}`))).toEqual([]);
  });

  test('has one for each fault of the settings', () => {
    const rules = found(/(?:rule: |broken\()'([a-zA-Z]+)'/g).map((rule) => `settings.fault.${rule}`);
    const all = [...texts.keys()].filter((key) => key.startsWith('settings.fault.'));
    expect(all.filter((key) => !rules.includes(key))).toEqual([]);
    expect(all.length).toBeGreaterThan(10);
  });

  test('has one for each sentence that a session says', () => {
    const keys = found(/\.(?:info|warn|partial)\(\s*'([a-zA-Z.]+)'/g);
    expect(keys.length).toBeGreaterThan(15);
    expect(keys.filter((key) => !texts.has(key))).toEqual([]);
  });

  test('has one for each thing that a screen is told by key, and none that nobody tells', () => {
    const steps = [
      ...newReport({ ...SESSION, role: 'hub' }).steps,
      ...newReport({ ...SESSION, role: 'site' }).steps,
    ];
    const checks = [...new Set([...CHECKS.hub, ...CHECKS.site, ...EXAMINED])];
    const dated = ['upToDate', 'failed', 'partial', 'idle', 'stopped', 'warnings'];
    const told: Readonly<Record<string, readonly string[]>> = {
      stop: steps.map(({ name }) => name),
      check: checks,
      remedy: checks,
      finding: [...found(/\bfound\(\s*[^,()]*,\s*'(\w+)'/g), ...CHOSEN],
      verdict: [
        ...found(/'verdict\.(\w+)'/g).filter((name) => !dated.includes(name)),
        ...dated.flatMap((name) => ['today', 'yesterday', 'days'].map((when) => `${name}.${when}`)),
      ],
      siteState: ['expected', 'receiving', 'received', 'merged', 'upToDate', 'absent', 'retired'],
    };
    for (const [group, names] of Object.entries(told)) {
      const known = [...texts.keys()].filter((key) => key.startsWith(`${group}.`)).sort();
      expect(known).toEqual([...new Set(names.map((name) => `${group}.${name}`))].sort());
    }
  });

  test('tell each reason why a table is left out, in a list, in a session and in the configuration', () => {
    const reasons = Object.keys(engine.excluded).sort();
    expect(reasons.length).toBeGreaterThan(5);
    expect(Object.keys(engine.session.excluded).sort()).toEqual(reasons);
    expect(Object.keys(engine.diagnostic.excluded).sort()).toEqual(reasons);
  });

  test('can all be read by the translator', () => {
    const wrong = [...texts].filter(([key]) => {
      const text = translate(key, { count: 2 });
      return text === key || text === '';
    });
    expect(wrong).toEqual([]);
  });
});
