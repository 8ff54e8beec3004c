import { z } from 'zod';
import { INTEGER_LIMIT } from './integers';
import { schemasSchema } from './table-schema';

export const FORMAT_VERSION = 1;
/** Of files whose blocks may say what changes add to additive columns: who does not know these refuses the file. */
export const SUMS_VERSION = 2;

/** Format of a file about these tables. */
export const formatFor = (tables: readonly { readonly additive: readonly string[] }[]): Header['format'] =>
  tables.some(({ additive }) => additive.length > 0) ? SUMS_VERSION : FORMAT_VERSION;

/** First thing in a batch or a segment: who wrote it, and what its author had seen. */
export const headerSchema = z.object({
  format: z.literal([FORMAT_VERSION, SUMS_VERSION]),
  application: z.string(),
  kind: z.enum(['batch', 'segment', 'snapshot']),
  /** Of a batch: the site that wrote it. Of a segment: the site the changes come from, 0 for the hub, as of a snapshot. */
  origin: z.number().int().nonnegative(),
  /** Of a batch: its number at the site. Of a segment: the round. Of a snapshot: the round that follows it. */
  number: z.number().int().positive(),
  /** Of a batch: the last round its author had applied. Of a segment or a snapshot: the round before. */
  base: z.number().int().nonnegative(),
  /** Fingerprint of each table that can appear in the file, by table name. */
  fingerprints: z.record(z.string(), z.string()),
  /** Of a batch: what these tables are made of. */
  schemas: schemasSchema,
  /**
   * Hub time minus the time of the changes, milliseconds: of a batch, by its author's clock, as last measured. Of a segment,
   * that of the batch whose blocks it took as they were, else 0.
   */
  clockOffset: z.number().int().min(-INTEGER_LIMIT).max(INTEGER_LIMIT),
  /** Of a batch whose author lost later ones of its own with its database: the last before these. */
  known: z.number().int().nonnegative().optional(),
  /** Of a snapshot: the last batch of each site that is in it. */
  merged: z.array(z.object({ site: z.number().int(), batch: z.number().int() })).optional(),
  /** Of a snapshot: how many rows are in it. */
  rows: z.number().int().nonnegative().optional(),
});
export type Header = z.infer<typeof headerSchema>;

/** Last thing in a file: what it should have held. */
export const trailerSchema = z.object({
  changes: z.number().int().nonnegative(),
  tables: z.record(z.string(), z.number().int().positive()),
});
export type Trailer = z.infer<typeof trailerSchema>;

/** A finished file, as manifests and reports speak of it. */
export interface FileSummary extends Trailer {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the whole file, lower-case hexadecimal. */
  readonly sha256: string;
}
