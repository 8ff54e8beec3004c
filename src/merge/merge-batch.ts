import type { BatchReader } from '../batch/reader';
import type { Block } from '../batch/block';
import type { Header } from '../batch/header';
import type {
  Conflict,
  Database,
  LedgerEntry,
  MergeTransaction,
  NewJournalEntry,
  Policy,
  Settlement,
  StagedChange,
  Table,
  Unseen,
  Violation,
} from '../database/port';
import { SyncError } from '../shared/errors';
import { applyUntilAccepted } from './apply-until-accepted';
import { decide } from './decide';
import { PlainTables } from './plain-tables';
import { Repaired } from './repaired';
import { heldTables, whyHeld, type HeldReason } from './schema-differences';
import { Superseded } from './superseded';

export interface Policies {
  readonly default: Policy;
  readonly tables: Readonly<Record<string, Policy>>;
}

export interface MergeOptions {
  readonly tables: readonly Table[];
  readonly policies: Policies;
  /** SHA-256 of the batch file. */
  readonly sha256: string;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
  /** Called as changes are laid ready. */
  readonly onProgress?: (changes: number) => void;
}

export interface MergeOutcome {
  /** Changes written, by table. */
  readonly written: ReadonlyMap<string, number>;
  readonly conflicts: readonly Conflict[];
  /** Rows of the hub that gave way to a repair at the site. */
  readonly replaced: number;
  /** Tables left out because they differ between this site and the hub. */
  readonly declined: readonly string[];
  /** Why they were left out. */
  readonly held: readonly HeldReason[];
  /** Tables all of whose changes were written as they came, each logged in one line. */
  readonly plain: ReadonlySet<string>;
}

/** In the ledger, of a batch whose file was gone when its line was written again. */
export const UNKNOWN_DIGEST = '';

/**
 * Merges one site's batch into the hub's database, in one transaction with the ledger line that says so. One that was
 * merged already is left; rejects with `merge.batchChanged` {site, batch} where it was not this very file.
 */
export async function mergeBatch(
  database: Database,
  file: BatchReader,
  options: MergeOptions,
): Promise<MergeOutcome> {
  const { origin: author, number, base, fingerprints, clockOffset } = file.header;
  const ledger = await database.ledger({ site: author });
  const known = ledger.find(({ batch }) => batch === number);
  if (known !== undefined) {
    if (known.sha256 === options.sha256 || known.sha256 === UNKNOWN_DIGEST)
      return {
        written: new Map(),
        conflicts: [],
        replaced: 0,
        declined: known.declined,
        held: [],
        plain: new Set(),
      };
    throw new SyncError('merge.batchChanged', { params: { site: author, batch: number } });
  }
  const unseen: Unseen = { at: 'hub', author, base, ...lostPast(file.header, ledger) };
  const declined = new Set<string>();
  const held = heldTables(options.tables, fingerprints, untoldOf(ledger, base));
  const superseded = await Superseded.of(database, author);
  const plain = new PlainTables(options.tables, fingerprints);
  const sound = soundBlocks(file, options.tables, held);
  const blocks = passing(sound, held, declined, options.onProgress);
  const repaired = new Repaired();
  // As it came: a repaired row is plain to the database, and is marked in the batch.
  await database.stage(superseded.watch(repaired.watch(plain.watch(blocks))), { clockOffset });
  return database.transaction(async (transaction) => {
    for (const id of superseded.ids) {
      await transaction.endRefused(id, { outcome: 'superseded', at: options.now });
    }
    const noted = { at: options.now, site: author, batch: number };
    const journal = new Journal(transaction, noted);
    for (const contested of await transaction.contested(unseen)) {
      const { table } = contested.change;
      const policy = options.policies.tables[table] ?? options.policies.default;
      const { settlement, conflict } = decide(contested, author, policy);
      await transaction.settle(contested.change, settlement);
      plain.settled(table);
      if (conflict !== null) await journal.add(conflict);
    }
    const replaced = await repaired.journal(transaction, author, noted);
    await applyUntilAccepted(transaction, unseen, (violation) => {
      plain.refused();
      return settleViolation(transaction, violation, author, journal);
    });
    await transaction.recordMerged({
      site: author,
      batch: number,
      sha256: options.sha256,
      declined: [...declined],
    });
    return {
      written: await transaction.written(),
      conflicts: journal.conflicts,
      replaced,
      declined: [...declined],
      held: whyHeld(options.tables, file.header, declined),
      plain: plain.names,
    };
  });
}

/** What the author of a batch lost of its own doings, where its database was restored from an old copy. */
function lostPast({ number, known }: Header, ledger: readonly LedgerEntry[]): { readonly lostFrom?: number } {
  if (known === undefined) return {};
  const lost = ledger.filter(({ batch }) => batch > known);
  // Where the hub has forgotten the first of them, all that it still knows of this site counts.
  if (known + 1 < number && !lost.some(({ batch }) => batch === known + 1)) return { lostFrom: 0 };
  return { lostFrom: Math.min(NEVER, ...lost.map(({ round }) => round ?? NEVER)) };
}

/** No round has this number. */
const NEVER = 2 ** 31 - 1;

/**
 * Tables that were left out of an earlier batch when the author had not yet heard of it. What it sends of them goes on
 * from what was left out: both come again, together, once it has heard.
 */
const untoldOf = (ledger: readonly LedgerEntry[], base: number): string[] =>
  ledger.filter(({ round }) => round === null || round > base).flatMap(({ declined }) => declined);

/** Rejects with `batch.unsound` {table} at a block that is not about a table as the file's own header tells it. */
async function* soundBlocks(
  file: BatchReader,
  tables: readonly Table[],
  held: ReadonlySet<string>,
): AsyncGenerator<Block> {
  const known = new Map(tables.map((table) => [table.name, table]));
  for await (const block of file.blocks()) {
    const table = known.get(block.table);
    const told = Object.hasOwn(file.header.fingerprints, block.table);
    if (!told || !(held.has(block.table) || (table !== undefined && isOf(block, table))))
      throw new SyncError('batch.unsound', { params: { table: block.table } });
    yield block;
  }
}

/** Whether a block has the columns of this table, those of the key first. */
function isOf({ columns, keyCount }: Block, table: Table): boolean {
  const [all, key] = [new Set(columns), new Set(columns.slice(0, keyCount))];
  return (
    columns.length === table.columns.length &&
    keyCount === table.keyCount &&
    table.columns.every((name, at) => (at < keyCount ? key : all).has(name))
  );
}

async function* passing(
  blocks: AsyncIterable<Block>,
  held: ReadonlySet<string>,
  declined: Set<string>,
  onProgress?: (changes: number) => void,
): AsyncGenerator<Block> {
  for await (const block of blocks) {
    if (held.has(block.table)) declined.add(block.table);
    else yield block;
    onProgress?.(block.changes.length);
  }
}

/** Conflicts as they are written, kept for the report. */
export class Journal {
  readonly conflicts: Conflict[] = [];
  readonly #transaction: MergeTransaction;
  readonly #context: Pick<NewJournalEntry, 'at' | 'site' | 'batch'>;

  constructor(transaction: MergeTransaction, context: Pick<NewJournalEntry, 'at' | 'site' | 'batch'>) {
    this.#transaction = transaction;
    this.#context = context;
  }

  async add(conflict: Conflict): Promise<void> {
    this.conflicts.push(conflict);
    await this.#transaction.journal({ ...conflict, ...this.#context });
  }
}

export async function settleViolation(
  transaction: MergeTransaction,
  violation: Violation,
  author: number,
  journal: Pick<Journal, 'add'>,
): Promise<boolean> {
  const { change } = violation;
  if (violation.kind === 'missingParent' && (await transaction.restoreParent(change, violation.foreignKey)))
    return false;
  await transaction.settle(change, KEEP_OURS);
  if (violation.kind === 'childrenRemain') {
    await journal.add(putAside(change, author, 'deleteParent', null));
  } else {
    await journal.add(
      putAside(change, author, 'refused', violation.kind === 'refused' ? violation.reason : 'foreignKey'),
    );
  }
  return true;
}

/** The hub's row stays as it is, and its author gets it back. */
const KEEP_OURS: Settlement = { write: false, toEveryone: true };

const putAside = (
  change: StagedChange,
  author: number,
  kind: 'deleteParent' | 'refused',
  reason: string | null,
): Conflict => ({
  table: change.table,
  columns: change.columns,
  keyCount: change.keyCount,
  key: change.values.slice(0, change.keyCount),
  kind,
  rule: kind === 'refused' ? 'refused' : 'dataWins',
  winner: 0,
  loser: author,
  winningRow: change.current,
  losingRow: change.op === 'D' ? null : change.values,
  winnerAt: null,
  loserAt: change.changedAt,
  reason,
});
