import { DatabaseSync } from '@photostructure/sqlite';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareDatabases, tablesOf } from '../../src/demo/compare';
import { runDemo, translate, type DemoResult } from '../../src/demo/demo';
import type { Place } from '../../src/demo/places';
import { parts } from '../../src/main';
import demoTexts from '../../locales/fr/demo.json';
import { flatten } from '../../src/shared/translate';

const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
let shown = '';
let result: DemoResult;

beforeAll(async () => {
  const terminal = { interactive: false, columns: 80, write: (text: string) => void (shown += text) };
  result = await runDemo({ parts, folder, terminal, windows: null });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the demo', () => {
  test('ends with four databases alike, row by row', () => {
    expect(result.complete).toBe(true);
    const rows = result.comparison.reduce((sum, line) => sum + line.rows, 0);
    expect(rows).toBeGreaterThan(18_000);
    expect(rows).toBeLessThan(25_000);
    expect(result.comparison).toHaveLength(10);
    for (const { others } of result.comparison) {
      expect(others.map(({ differsAt }) => differsAt)).toEqual([null, null, null]);
    }
  });

  test('moved changes of every kind, refused none', () => {
    const [hub] = result.reports;
    const moved = (hub?.tables ?? []).filter(({ received, sent }) => received + sent > 100);
    expect(moved.length).toBeGreaterThan(6);
    expect(result.reports.flatMap(({ tables }) => tables).filter(({ refused }) => refused > 0)).toEqual([]);
    expect(result.reports.map(({ state }) => state)).toEqual(['warnings', 'ok', 'ok', 'ok']);
  });

  test('has exactly the two conflicts that were played on purpose, with what lost', () => {
    const byTable = new Map(result.conflicts.map((entry) => [entry.table, entry]));
    expect(result.conflicts).toHaveLength(2);
    const valueOf = (table: string, side: 'winningRow' | 'losingRow', column: string): unknown => {
      const entry = byTable.get(table);
      return entry?.[side]?.[entry.columns.indexOf(column)];
    };
    expect(byTable.get('members')).toMatchObject({ kind: 'update', rule: 'newest', winner: 1, loser: 2 });
    expect(valueOf('members', 'winningRow', 'phone')).toBe('07 11 22 33 44');
    expect(valueOf('members', 'losingRow', 'phone')).toBe('06 98 76 54 32');
    expect(byTable.get('products')).toMatchObject({ kind: 'update', rule: 'hub', winner: 0, loser: 3 });
    expect(valueOf('products', 'winningRow', 'price')).toBe(32.9);
    expect(valueOf('products', 'losingRow', 'price')).toBe(36.5);
  });

  test('shows the results, the values put aside, and where the reports to print are', () => {
    for (const text of ['06 98 76 54 32', '36,50', 'Saint-Étienne', '(accounting_entries)']) {
      expect(shown).toContain(text);
    }
    for (const { page, name } of result.places) {
      expect(shown).toContain(page);
      expect(readFileSync(page, 'utf8')).toContain(name);
    }
  });

  test('has every text that it shows, and shows no key', () => {
    const source = readdirSync('src/demo')
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join('src/demo', name), 'utf8'))
      .join('\n');
    const named = [...source.matchAll(/['`](demo\.[\w.]+(?:\$\{)?)/g)].map(([, key]) => key ?? '');
    const texts = [...flatten(demoTexts)].map(([key]) => key);
    expect(named.filter((key) => !key.endsWith('${') && translate(key) === key)).toEqual([]);
    const isNamed = (key: string): boolean =>
      named.some((name) => (name.endsWith('${') ? key.startsWith(name.slice(0, -2)) : key === name));
    expect(texts.filter((key) => !isNamed(key))).toEqual([]);
    expect(shown).not.toMatch(/\b(demo|session|step|state|conflict|error)\.[a-z]/);
  });
});

describe('the comparison', () => {
  const tables = ['products', 'members'];
  const differences = (): (number | null)[][] =>
    compareDatabases(tables, result.places).map(({ others }) => others.map(({ differsAt }) => differsAt));
  const change = (place: Place | undefined, sql: string): void => {
    const handle = new DatabaseSync(place?.database ?? '', { enableForeignKeyConstraints: false });
    handle.exec(sql);
    handle.close();
  };

  test('names the tables of the company, in its order', () => {
    expect(tablesOf(join(folder, 'bases', 'depart.db')).slice(0, 2)).toEqual(['establishments', 'members']);
  });

  test('sees a number that differs by a hair, a photo by a byte, a row that is missing or too many', () => {
    change(result.places[1], 'UPDATE products SET price = price + 1e-9 WHERE id = 1');
    change(result.places[2], 'UPDATE members SET photo = zeroblob(3) WHERE id = 2');
    change(result.places[3], 'DELETE FROM products WHERE id = (SELECT max(id) FROM products WHERE id < 1e6)');
    change(
      result.places[3],
      `INSERT INTO members (id, establishment_id, first_name, last_name, joined_on)
      VALUES (9999999, 1, 'Zoé', 'Roche', '2026-11-24')`,
    );
    const products = compareDatabases(['products'], result.places.slice(0, 1))[0]?.rows;
    const members = compareDatabases(['members'], result.places.slice(0, 1))[0]?.rows ?? 0;
    const [ofProducts, ofMembers] = differences();
    expect(ofProducts?.slice(0, 2)).toEqual([1, null]);
    expect(ofProducts?.[2]).toBeLessThanOrEqual(products ?? 0);
    expect(ofMembers).toEqual([null, 2, members + 1]);
  });
});
