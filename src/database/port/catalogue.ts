/** What a database is: its tables, and what the tracking remembers. */
import type { Role } from '../../report/report';
import type { FingerprintColumn } from '../fingerprint';
import type { TrackingNumbers } from '../tracking-numbers';

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

export interface Table {
  readonly name: string;
  /** What is synchronised: key columns first, in key order, then the others in the table's own order. */
  readonly columns: readonly string[];
  readonly keyCount: number;
  /** Each of the columns, in their order. */
  readonly described: readonly FingerprintColumn[];
  readonly foreignKeys: readonly ForeignKey[];
  /** The database makes up the key of new rows, so two establishments can make the same one. */
  readonly generatedKey: boolean;
  /** Columns that can be declared additive: numbers, neither in the key nor in a reference. */
  readonly addable: readonly string[];
  /** Those that are declared so: the log notes by how much each change moved them. */
  readonly additive: readonly string[];
  /** Equal where the columns, their types and the key are equal, whatever their order. */
  readonly fingerprint: string;
  readonly tracking: 'missing' | 'outdated' | 'installed';
}

export interface ExcludedTable {
  readonly name: string;
  /** Text key under `excluded.`. */
  readonly reason:
    | 'noKey'
    | 'nullKey'
    | 'computedKey'
    | 'virtual'
    | 'memoryOptimised'
    | 'history'
    | 'masked'
    | 'unsupportedType'
    | 'tooManyColumns'
    | 'rowsTooLong';
}

/** What a hub knows of a site, beside the secrets. */
export interface Establishment {
  readonly number: number;
  readonly name: string;
  readonly active: boolean;
}

export interface Catalogue {
  /** Both in alphabetical order. */
  readonly tables: readonly Table[];
  readonly excluded: readonly ExcludedTable[];
}

/** Who works on this database: written into it, so that a copy of it elsewhere is noticed. */
export interface Installation {
  readonly id: string;
  readonly role: Role;
  /** Site: its number at the hub, where this database is to be known by it; left out: as the database has it. */
  readonly site?: number;
}

/** What the tracking remembers, in the database itself so that it moves with the data. */
export interface TrackingState extends TrackingNumbers {
  readonly installation: string;
  readonly role: Role;
  /** Site: number of the last batch whose changes are marked. Hub: of the last round. 0 for none. */
  readonly lastMarked: number;
  /** Site: last round applied; hub: 0. */
  readonly position: number;
  /** Site: its last batch that an applied round includes; hub: 0. */
  readonly included: number;
  /** Site: its number at the hub, as the last session knew it; 0: no session knew it yet. */
  readonly site: number;
  /** Hub: the last round whose changes may be forgotten here; `ALL_PURGED` where that was not noted. */
  readonly purged: number;
}
