import type { Settings } from '../config/settings';
import type { Database, ExcludedTable, Table } from '../database/port';
import { preparedFor } from './configuration';
import type { Diagnostic, Prepared, TableLine, TablesView } from './contract';

/** What is synchronised, what is not and why, and what there is to know or to put right. */
export async function tablesView(database: Database, settings: Settings): Promise<TablesView> {
  const { installation, policies, role } = settings;
  const prepared = await preparedFor(database, installation);
  const { tables, excluded } = await database.catalogue();
  return {
    prepared,
    pending: prepared === 'no' ? 0 : await database.pending(),
    tables: tables.map((table) => lineOf(table, policies)),
    excluded,
    diagnostics: [
      ...preparation(prepared),
      ...tables.flatMap((table) => diagnosticsOf(table, prepared, role)),
      ...excluded.map(exclusion),
      ...unknownPolicies(tables, policies),
    ],
  };
}

function lineOf(
  { name, columns, keyCount, generatedKey, tracking }: Table,
  policies: Settings['policies'],
): TableLine {
  const policy = policies.tables[name] ?? null;
  return { name, columns, key: columns.slice(0, keyCount), generatedKey, tracking, policy };
}

function preparation(prepared: Prepared): Diagnostic[] {
  if (prepared === 'this') return [];
  const key = prepared === 'no' ? 'diagnostic.notPrepared' : 'diagnostic.otherInstallation';
  return [{ key, params: {}, level: 'error', table: null, remedy: 'prepare' }];
}

function diagnosticsOf(
  { name, tracking, generatedKey }: Table,
  prepared: Prepared,
  role: Settings['role'],
): Diagnostic[] {
  const params = { table: name };
  const found: Diagnostic[] = [];
  // A session puts these right by itself; until then nothing says what is written in them.
  if (prepared === 'this' && tracking !== 'installed')
    found.push({ key: `diagnostic.${tracking}`, params, level: 'warning', table: name, remedy: 'prepare' });
  if (generatedKey)
    found.push({
      key: `diagnostic.generatedKey.${role}`,
      params,
      level: 'warning',
      table: name,
      remedy: null,
    });
  return found;
}

const exclusion = ({ name, reason }: ExcludedTable): Diagnostic => ({
  key: `diagnostic.excluded.${reason}`,
  params: { table: name },
  level: 'warning',
  table: name,
  remedy: null,
});

/** A rule for a table that is not there does nothing: its name is misspelt, or the table is gone. */
function unknownPolicies(tables: readonly Table[], policies: Settings['policies']): Diagnostic[] {
  const known = new Set(tables.map(({ name }) => name));
  return Object.keys(policies.tables)
    .filter((table) => !known.has(table))
    .map((table) => ({
      key: 'diagnostic.unknownPolicy',
      params: { table },
      level: 'info',
      table: null,
      remedy: null,
    }));
}
