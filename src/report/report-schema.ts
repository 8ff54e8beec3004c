import { z } from 'zod';
import type { Report } from './report';

const params = z.record(z.string(), z.union([z.string(), z.number()]));
const count = z.number().int().nonnegative();
const instant = z.iso.datetime();

const message = z.object({
  /** Reports of older versions have none: their sentences are numbered as they are read. */
  id: z.string().optional(),
  key: z.string(),
  params,
  level: z.enum(['info', 'warning', 'error']),
  at: instant,
  about: z.object({ site: z.number().nullable(), table: z.string().nullable() }).optional(),
});

const NOTHING = { site: null, table: null };

const step = z.object({
  name: z.enum([
    'check',
    'capture',
    'write',
    'send',
    'wait',
    'receive',
    'apply',
    'acknowledge',
    'open',
    'receiveBatches',
    'merge',
    'publish',
    'waitAcknowledgements',
  ]),
  state: z.enum(['pending', 'running', 'done', 'warning', 'failed', 'stopped']),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  rows: count,
  bytes: count,
  messages: z.array(message),
});

const identifiedStep = step.transform(({ messages, ...rest }) => ({
  ...rest,
  messages: messages.map(({ id, about, ...sentence }, index) => ({
    ...sentence,
    id: id ?? `${rest.name}-${String(index + 1)}`,
    about: about ?? NOTHING,
  })),
}));

const site = z.object({
  number: z.number(),
  name: z.string(),
  state: z.enum(['expected', 'receiving', 'received', 'merged', 'upToDate', 'absent']),
  rows: count,
  bytes: count,
  tables: z.array(z.object({ table: z.string(), received: count, conflicts: count, refused: count })),
});

/** A report as its file holds it: it may come from an older version, or from a hand that edited it. */
export const reportSchema: z.ZodType<Report> = z.object({
  id: z.string(),
  role: z.enum(['hub', 'site']),
  name: z.string(),
  trigger: z.enum(['schedule', 'manual', 'request']),
  application: z.string(),
  startedAt: instant,
  endedAt: instant.nullable(),
  state: z.enum(['running', 'ok', 'warnings', 'partial', 'idle', 'stopped', 'failed']),
  round: z.number().nullable(),
  steps: z.array(identifiedStep),
  tables: z.array(
    z.object({ table: z.string(), sent: count, received: count, conflicts: count, refused: count }),
  ),
  sites: z.array(site).default([]),
  error: z.object({ code: z.string(), params }).nullable(),
});
