import { z } from 'zod';
import { MOST_BUCKETS } from './digests';

const count = z.number().int().nonnegative();
const buckets = z.number().int().positive().max(MOST_BUCKETS);

/** What a site asks its hub when it compares. */
export const questionSchema = z.discriminatedUnion('kind', [
  /** Which tables are there? Answered by `tablesAnswerSchema`. */
  z.object({ kind: z.literal('tables') }),
  /** Sums of these tables over that many buckets. Answered by `digestsAnswerSchema`. */
  z.object({
    kind: z.literal('digests'),
    tables: z.array(z.object({ table: z.string(), fingerprint: z.string(), buckets })),
  }),
  /**
   * Rows of some buckets, and keys in them that changes speak of which are pending or in a round after `after`. Answered
   * by a file of the batch format: each row as an insertion, then each such key as a question.
   */
  z.object({
    kind: z.literal('rows'),
    table: z.string(),
    fingerprint: z.string(),
    buckets,
    wanted: z.array(count),
    after: count,
  }),
]);
export type CompareQuestion = z.infer<typeof questionSchema>;

export const tablesAnswerSchema = z.object({
  /** The hub's last round. */
  round: count,
  /** Fingerprint by table; null where the table is not prepared. */
  tables: z.record(z.string(), z.string().nullable()),
});
export type TablesAnswer = z.infer<typeof tablesAnswerSchema>;

export const digestsAnswerSchema = z.object({
  tables: z.array(z.object({ table: z.string(), rows: count, sums: z.string() })),
});
export type DigestsAnswer = z.infer<typeof digestsAnswerSchema>;

/** Instead of an answer. */
export const refusalSchema = z.object({
  refused: z.object({
    code: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
    retryable: z.boolean(),
  }),
});
