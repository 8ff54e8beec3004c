import { dirname } from 'node:path';
import { mkdir } from 'node:fs/promises';
import type { Change, Value } from '../batch/block';
import { createBatchWriter } from '../batch/writer';
import { isMixed, isSameSchema } from '../database/fingerprint';
import type { Database, Table } from '../database/port';
import { renameDurable, writeFileAtomic } from '../shared/atomic-file';
import { SyncError } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import { inBlocks } from './blocks';
import { BucketSet } from './digests';
import { RowEncoding } from './encoding';
import { questionSchema, type CompareQuestion, type DigestsAnswer, type TablesAnswer } from './questions';
import { digestsOf, inFlightIn, rowsIn, type ReadOptions } from './table-rows';

export interface AnswerOptions extends ReadOptions {
  readonly application: string;
}

type Asked<K extends CompareQuestion['kind']> = Extract<CompareQuestion, { kind: K }>;

/** Hub: writes what a site asked into `file`, whole or not at all; a refusal, where the answer cannot be given. */
export async function answerInto(
  file: string,
  text: string,
  open: () => Promise<Database>,
  options: AnswerOptions,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    const question = parse(text);
    const database = await open();
    try {
      await answer(file, question, database, options);
    } finally {
      await database.close();
    }
  } catch (error) {
    const { code, params, retryable } = toSyncError(error);
    await writeFileAtomic(file, JSON.stringify({ refused: { code, params, retryable } }));
  }
}

function parse(text: string): CompareQuestion {
  try {
    return questionSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new SyncError('compare.question', { cause: error });
  }
}

async function answer(
  file: string,
  question: CompareQuestion,
  database: Database,
  options: AnswerOptions,
): Promise<void> {
  if (question.kind === 'rows') return writeRows(file, question, database, options);
  const found =
    question.kind === 'tables' ? await tablesOf(database) : await digestsAsked(question, database, options);
  return writeFileAtomic(file, JSON.stringify(found));
}

async function tablesOf(database: Database): Promise<TablesAnswer> {
  const state = await database.state();
  if (state === null) throw new SyncError('database.notPrepared');
  const { tables } = await database.catalogue();
  const fingerprints = tables.map(
    ({ name, fingerprint, tracking }) => [name, tracking === 'installed' ? fingerprint : null] as const,
  );
  return { round: state.lastMarked, tables: Object.fromEntries(fingerprints) };
}

async function digestsAsked(
  question: Asked<'digests'>,
  database: Database,
  options: AnswerOptions,
): Promise<DigestsAnswer> {
  const { tables: known } = await database.catalogue();
  const tables: DigestsAnswer['tables'] = [];
  for (const { table: name, fingerprint, buckets } of question.tables) {
    const { table, encoding } = sameTable(known, name, fingerprint);
    const digests = await digestsOf(database, table, encoding, buckets, options);
    tables.push({ table: name, rows: digests.rows, sums: digests.toBase64() });
  }
  return { tables };
}

async function writeRows(
  file: string,
  question: Asked<'rows'>,
  database: Database,
  options: AnswerOptions,
): Promise<void> {
  const { tables } = await database.catalogue();
  const { table, encoding } = sameTable(tables, question.table, question.fingerprint);
  const buckets = new BucketSet(question.buckets, question.wanted);
  const temporary = `${file}.tmp`;
  const writer = createBatchWriter(temporary, {
    format: 1,
    application: options.application,
    kind: 'segment',
    origin: 0,
    number: question.after + 1,
    base: question.after,
    fingerprints: { [table.name]: table.fingerprint },
    clockOffset: 0,
  });
  try {
    const rows = rowsIn(database, table, encoding, buckets, options);
    const { after } = question;
    const keys = inFlightIn(database, table, encoding, { buckets, after }, options);
    for await (const block of inBlocks(table, each(rows, 'I'))) await writer.write(block);
    for await (const block of inBlocks(table, each(keys, 'R'))) await writer.write(block);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await renameDurable(temporary, file);
}

/** The hub's table, where it is still the one that the site asks about. */
function sameTable(
  tables: readonly Table[],
  name: string,
  fingerprint: string,
): { readonly table: Table; readonly encoding: RowEncoding } {
  const table = tables.find((known) => known.name === name);
  if (table === undefined || !isSameSchema(table.fingerprint, fingerprint))
    throw new SyncError('compare.tableChanged', { params: { table: name } });
  return { table, encoding: new RowEncoding(table, { mixed: isMixed(table.fingerprint, fingerprint) }) };
}

async function* each(rows: AsyncIterable<readonly Value[]>, op: 'I' | 'R'): AsyncGenerator<Change> {
  for await (const values of rows) yield { op, marks: '', changedAt: 0, base: null, values };
}
