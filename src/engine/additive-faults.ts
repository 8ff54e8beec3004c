import type { SettingsFault, Settings } from '../config/settings';
import { unknownAdditive } from '../database/additive';
import type { Database } from '../database/port';

/** Columns that are declared to add up and cannot: {table, column, columns: those of the table that can}. */
export async function additiveFaults(
  database: Database,
  additive: Settings['additive'],
): Promise<SettingsFault[]> {
  if (Object.keys(additive).length === 0) return [];
  const { tables } = await database.catalogue();
  return unknownAdditive(tables, additive).map(({ table, column }) => {
    const addable = tables.find(({ name }) => name === table)?.addable ?? [];
    const columns = addable.length === 0 ? '—' : addable.join(', ');
    return { path: `additive.${table}`, ...FAULT, params: { table, column, columns } };
  });
}

const RULE = { rule: 'additive' } as const;
const FAULT = { key: `settings.fault.${RULE.rule}` };
