import type { Settings } from '../config/settings';
import { SyncError, toSyncError } from '../shared/errors';
import type { CheckName, CheckResult } from './contract';
import type { HubRuntime } from './hub-runtime';
import type { Parts } from './parts';
import { SiteRuntime } from './site-runtime';

interface Check {
  readonly name: CheckName;
  readonly run: () => Promise<void>;
}

/** The way of a session, step by step; after one that fails, those that need it are not tried. */
export async function runChecks(
  { clock, openDatabase }: Parts,
  settings: Settings,
  runtime: HubRuntime | SiteRuntime,
): Promise<CheckResult[]> {
  const checks: Check[] = [
    {
      name: 'database',
      run: async () => {
        const database = await openDatabase(settings.database);
        try {
          const state = await database.state();
          if (state?.installation !== settings.installation) throw new SyncError('database.notPrepared');
        } finally {
          await database.close();
        }
      },
    },
    { name: settings.role === 'hub' ? 'ftp' : 'login', run: () => checkLine(runtime) },
  ];
  const results: CheckResult[] = [];
  for (const { name, run } of checks) {
    const startedAt = clock.now();
    const message = await run().then(() => null, sayWhy);
    const state = message === null ? 'ok' : 'failed';
    results.push({ name, state, milliseconds: clock.now() - startedAt, message, remedy: null });
  }
  return results;
}

async function checkLine(runtime: HubRuntime | SiteRuntime): Promise<void> {
  if (!(runtime instanceof SiteRuntime)) {
    await runtime.start();
    return;
  }
  const link = runtime.openLink();
  try {
    await link.status(AbortSignal.timeout(CHECK_LIMIT));
  } finally {
    link.close();
  }
}

const CHECK_LIMIT = 30_000;

function sayWhy(error: unknown): CheckResult['message'] {
  const { code, params } = toSyncError(error);
  return { key: `error.${code}`, params };
}
