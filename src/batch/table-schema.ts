import { z } from 'zod';

/** What a table is made of, so that the other side can say in what its own differs. */
export const tableSchemaSchema = z.object({
  /** Of each column, key columns first and in key order: name, type as its engine spells it, family. */
  columns: z.array(z.tuple([z.string(), z.string(), z.string()])),
  /** How many of the columns, from the first, are the key. */
  key: z.number().int().nonnegative(),
});
export type TableSchema = z.infer<typeof tableSchemaSchema>;

/** By table name. Files of older versions have none: the fingerprints alone then say that a table differs. */
export const schemasSchema = z.record(z.string(), tableSchemaSchema).optional();
