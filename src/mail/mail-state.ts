import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../shared/atomic-file';

const instant = z.number().int();

const stateSchema = z.object({
  /** By alert: when it was last told, and how many like it were held back since. */
  alerts: z.record(z.string(), z.object({ at: instant, held: z.number().int() })).default({}),
  /** By establishment: its last complete synchronisation; or, where there was none, since when it is watched. */
  successes: z.record(z.string(), instant).default({}),
  watched: z.record(z.string(), instant).default({}),
  /** Addresses that were told as blocked. */
  blocked: z.array(z.string()).default([]),
  /** The last weekly summary. */
  summary: instant.nullable().default(null),
});

/** What the mailer must remember: instants in milliseconds since 1970, UTC. */
export type MailState = z.output<typeof stateSchema>;

/** Without a file, or with one that cannot be read, nothing was said yet. */
export async function loadMailState(file: string): Promise<MailState> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return stateSchema.parse({});
  }
}

/** Rejects with `disk.*`. */
export async function saveMailState(file: string, state: MailState): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(state)}\n`);
}
