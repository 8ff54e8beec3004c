import { createHash } from 'node:crypto';
import { z } from 'zod';
import { schemasSchema } from './table-schema';

const number = z.number().int().nonnegative();

export const segmentSchema = z.object({
  /** File name inside the round's folder: `origin-003.segment`. */
  name: z.string().regex(/^origin-\d{3,}\.segment$/),
  /** The site whose changes these are, which need not fetch them; 0: for everyone. */
  origin: number,
  size: number,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  changes: number,
});
export type Segment = z.infer<typeof segmentSchema>;

/** What a round holds, written last: a round exists once its manifest does. */
export const manifestSchema = z.object({
  format: z.literal(1),
  round: number,
  application: z.string(),
  publishedAt: z.iso.datetime(),
  segments: z.array(segmentSchema),
  fingerprints: z.record(z.string(), z.string()),
  schemas: schemasSchema,
  /**
   * How many rows the hub has of each table that the round speaks of, in the reading that the round was taken in; a
   * table that has too many to count is not there. Rounds of older versions say nothing.
   */
  totals: z.record(z.string(), number).optional(),
  /**
   * It holds all that changed after this round, in place of those between, which are gone from the hub's folder. Left
   * out: the round before.
   */
  since: number.optional(),
  sites: z.array(
    z.object({
      site: number,
      /** The last of its batches that this round includes; 0 for none. */
      batch: number,
      /** Tables whose changes the hub left out of a batch, because its own table differs: the site keeps them. */
      declined: z.array(z.object({ batch: number, table: z.string() })),
    }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The oldest round that a site may stand at to apply this one. */
export const sinceOf = ({ round, since = round - 1 }: Manifest): number => since;

/**
 * Tells a round from another one of the same number, in eight characters. Of what every version writes, so that it
 * outlives an update.
 */
export const roundMark = ({ round, publishedAt, segments }: Manifest): string =>
  createHash('sha256')
    .update(JSON.stringify([round, publishedAt, segments.map(({ name, sha256 }) => [name, sha256])]))
    .digest('base64url')
    .slice(0, 8);
