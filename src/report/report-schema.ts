import { z } from 'zod';
import type { Report } from './report';

const params = z.record(z.string(), z.union([z.string(), z.number()]));
const count = z.number().int().nonnegative();
const instant = z.iso.datetime();

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
  messages: z.array(
    z.object({ key: z.string(), params, level: z.enum(['info', 'warning', 'error']), at: instant }),
  ),
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
  steps: z.array(step),
  tables: z.array(
    z.object({ table: z.string(), sent: count, received: count, conflicts: count, refused: count }),
  ),
  error: z.object({ code: z.string(), params }).nullable(),
});
