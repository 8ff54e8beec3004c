import type { Clock } from '../shared/clock';
import { SyncError } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import type { CheckName, CheckResult, Sentence } from './contract';

/** What a check that did not fail found. */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'skipped';
  readonly message: Sentence | null;
}

export interface Check {
  readonly name: CheckName;
  /** Checks without which this one means nothing. */
  readonly needs: readonly CheckName[];
  /** Rejects where it fails. */
  readonly run: () => Promise<Finding | null>;
}

export interface RunChecksOptions {
  readonly clock: Clock;
  /** Aborted: what is left is skipped. */
  readonly signal: AbortSignal;
  readonly onResult: (result: CheckResult) => void;
}

/** A check that says nothing for so long has failed, milliseconds. */
const LIMIT = 45_000;

export const found = (state: Finding['state'], key: string, params: Sentence['params'] = {}): Finding => ({
  state,
  message: { key: `finding.${key}`, params },
});

/** Runs one after the other; after one that fails, those that need it are skipped. */
export async function runChecks(
  checks: readonly Check[],
  { clock, signal, onResult }: RunChecksOptions,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, needs, run } of checks) {
    const began = clock.now();
    const base = { name, message: null, remedy: null };
    const possible = results.every((result) => isSound(result) || !needs.includes(result.name));
    let result: CheckResult = { ...base, state: 'skipped', milliseconds: 0 };
    if (possible && !signal.aborted) {
      onResult({ ...base, state: 'running', milliseconds: 0 });
      const outcome = await within(run(), clock, signal).then(
        (finding) => finding ?? { state: 'ok' as const, message: null },
        (error: unknown) => failureOf(error, signal),
      );
      const remedy = REMEDIED.includes(outcome.state) ? { key: `remedy.${name}`, params: {} } : null;
      result = { name, ...outcome, milliseconds: clock.now() - began, remedy };
    }
    results.push(result);
    onResult(result);
  }
  return results;
}

const REMEDIED: readonly CheckResult['state'][] = ['warning', 'failed'];

/** What needs a check that was skipped for want of an object can run all the same. */
const isSound = ({ state, message }: CheckResult): boolean =>
  state === 'ok' || state === 'warning' || (state === 'skipped' && message !== null);

function failureOf(
  error: unknown,
  signal: AbortSignal,
): Pick<CheckResult, 'message'> & { readonly state: 'failed' | 'skipped' } {
  if (signal.aborted) return { state: 'skipped', message: null };
  const { code, params } = toSyncError(error);
  return { state: 'failed', message: { key: `error.${code}`, params } };
}

async function within<T>(work: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const tooLong = clock.delay(LIMIT, AbortSignal.any([signal, done.signal])).then(() => {
    throw new SyncError('check.silent', { params: { seconds: LIMIT / 1000 } });
  });
  // Whichever loses has nobody to tell.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    done.abort();
    tooLong.catch(() => undefined);
  }
}
