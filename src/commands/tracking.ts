import { dataFolder, lockDataFolder } from '../config/data-folder';
import { loadSettings } from '../config/settings';
import { placeOf } from '../config/place';
import type { KeyRange } from '../database/key-ranges';
import type { Database } from '../database/port';
import { answer, EXIT, type CommandContext } from './context';

/** What is synchronised, what is not and why. */
export async function tables(context: CommandContext): Promise<number> {
  return withDatabase(context, (database) => describe(context, database, 'cli.tables.title'));
}

/** Installs the tracking, or puts it right after a change of the tables. */
export async function prepare(context: CommandContext): Promise<number> {
  const settings = await loadSettings(context.folder);
  const { installation, role } = settings;
  const place = placeOf(settings);
  return locked(context, () =>
    withDatabase(context, async (database) => {
      await database.prepare({ id: installation, role });
      const ranges = place === null ? [] : await database.assignKeyRanges(place);
      return describe(context, database, 'cli.prepare.done', ranges);
    }),
  );
}

/** Removes every trace of the tracking. */
export async function unprepare(context: CommandContext): Promise<number> {
  return locked(context, () =>
    withDatabase(context, async (database) => {
      await database.unprepare();
      answer(context, { prepared: false }, [context.translate('cli.unprepare.done')]);
      return EXIT.complete;
    }),
  );
}

async function describe(
  context: CommandContext,
  database: Database,
  title: string,
  ranges: readonly KeyRange[] = [],
): Promise<number> {
  const catalogue = await database.catalogue();
  const synchronised = catalogue.tables.map(({ name, columns, keyCount, tracking, generatedKey }) => ({
    name,
    columns,
    key: columns.slice(0, keyCount),
    tracking,
    generatedKey,
  }));
  const { translate } = context;
  answer(context, { tables: synchronised, excluded: catalogue.excluded }, [
    translate(title, { count: synchronised.length }),
    ...synchronised.map(
      ({ name, key, tracking }) => `  ${name} (${key.join(', ')}) — ${translate(`tracking.${tracking}`)}`,
    ),
    ...(catalogue.excluded.length === 0 ? [] : [translate('cli.tables.excluded')]),
    ...catalogue.excluded.map(({ name, reason }) => `  ${name} — ${translate(`excluded.${reason}`)}`),
    ...ranges.map(({ table, from, to }) =>
      translate('cli.prepare.range', { table, from: String(from), to: String(to) }),
    ),
  ]);
  return EXIT.complete;
}

export async function withDatabase<T>(
  context: CommandContext,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const settings = await loadSettings(context.folder);
  const database = await context.parts.openDatabase(settings.database);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Nothing else works with the data folder meanwhile; rejects with `data.locked` where an engine does. */
export async function locked<T>(context: CommandContext, work: () => Promise<T>): Promise<T> {
  const lock = await lockDataFolder(dataFolder(context.folder).folder);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
