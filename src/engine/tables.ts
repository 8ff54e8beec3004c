import { placeOf } from '../config/place';
import type { Settings } from '../config/settings';
import { unknownAdditive } from '../database/additive';
import { NEARLY_USED, type KeyRange } from '../database/key-ranges';
import type { Database, ExcludedTable, Table } from '../database/port';
import { preparedFor } from './configuration';
import type { Diagnostic, Prepared, TableLine, TablesView } from './contract';
import type { Guard } from './guard';
import type { Sessions } from './sessions';
import type { Workplace } from './workplace';

/** The tracking of tables, for the screens. */
export class TableTracking {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  readonly #guard: Guard;

  constructor(place: Workplace, sessions: Sessions, guard: Guard) {
    this.#place = place;
    this.#sessions = sessions;
    this.#guard = guard;
  }

  async view(): Promise<TablesView> {
    const settings = this.#place.configured();
    return this.#place.withDatabase((database) => tablesView(database, settings));
  }

  async prepare(): Promise<TablesView> {
    const settings = this.#changing();
    const { installation, role } = settings;
    const place = placeOf(settings);
    return this.#change(async (database) => {
      await database.prepare({ id: installation, role });
      if (place !== null) await database.assignKeyRanges(place);
    });
  }

  async unprepare(): Promise<TablesView> {
    this.#changing();
    return this.#change((database) => database.unprepare());
  }

  async #change(work: (database: Database) => Promise<void>): Promise<TablesView> {
    await this.#place.withDatabase(work);
    this.#place.events.settingsChanged();
    return this.view();
  }

  #changing(): Settings {
    this.#guard.require();
    this.#sessions.refuseDuring();
    return this.#place.configured();
  }
}

/** What is synchronised, what is not and why, and what there is to know or to put right. */
async function tablesView(database: Database, settings: Settings): Promise<TablesView> {
  const { installation, policies, role } = settings;
  const prepared = await preparedFor(database, installation);
  const { tables, excluded } = await database.catalogue();
  const place = placeOf(settings);
  // As a session would at its start: what has a range keeps it.
  const ranges = prepared === 'this' && place !== null ? await database.assignKeyRanges(place) : [];
  return {
    prepared,
    pending: prepared === 'no' ? 0 : await database.pending(),
    tables: tables.map((table) => lineOf(table, policies)),
    excluded,
    diagnostics: [
      ...preparation(prepared),
      ...tables.flatMap((table) => diagnosticsOf(table, prepared, role, ranges)),
      ...excluded.map(exclusion),
      ...unknownPolicies(tables, policies),
      ...unknownSums(tables, settings.additive),
    ],
  };
}

function lineOf(
  { name, columns, keyCount, generatedKey, tracking, addable }: Table,
  policies: Settings['policies'],
): TableLine {
  const policy = policies.tables[name] ?? null;
  return { name, columns, key: columns.slice(0, keyCount), generatedKey, tracking, addable, policy };
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
  ranges: readonly KeyRange[],
): Diagnostic[] {
  const params = { table: name };
  const found: Diagnostic[] = [];
  // A session puts these right by itself; until then nothing says what is written in them.
  if (prepared === 'this' && tracking !== 'installed')
    found.push({ key: `diagnostic.${tracking}`, params, level: 'warning', table: name, remedy: 'prepare' });
  const range = ranges.find(({ table }) => table === name);
  if (range !== undefined) found.push(rangeDiagnostic(range));
  else if (generatedKey)
    found.push({
      key: `diagnostic.generatedKey.${role}`,
      params,
      level: 'warning',
      table: name,
      remedy: null,
    });
  return found;
}

function rangeDiagnostic({ table, from, to, used }: KeyRange): Diagnostic {
  const params = { table, from: String(from), to: String(to), percent: Math.floor(used * 100) };
  const level = used >= NEARLY_USED ? 'warning' : 'info';
  return { key: 'diagnostic.keyRange', params, level, table, remedy: null };
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

const unknownSums = (tables: readonly Table[], additive: Settings['additive']): Diagnostic[] =>
  unknownAdditive(tables, additive).map((params) => ({
    key: 'diagnostic.unknownAdditive',
    params,
    level: 'warning',
    table: null,
    remedy: null,
  }));
