import type { DataFolder } from '../config/data-folder';
import { loadSettings, type Settings } from '../config/settings';
import { ReportStore } from '../report/report-store';
import { runChecks, type Check } from './checks';
import type { CheckResult } from './contract';
import { dataChecks } from './data-checks';
import { tableChecks } from './database-checks';
import { hubChecks } from './hub-checks';
import { HubRuntime } from './hub-runtime';
import { mailChecks } from './mail-checks';
import { pastChecks } from './past-checks';
import { PastSessions } from './past-sessions';
import type { Parts } from './parts';
import { siteChecks } from './site-checks';
import { SiteRuntime } from './site-runtime';
import { SyncError } from '../shared/errors';

export interface ExaminationOptions {
  readonly parts: Parts;
  readonly paths: DataFolder;
  /** Whether an engine has the data folder, this one or another: its server is left as it is. */
  readonly served: boolean;
  readonly signal: AbortSignal;
}

/** Everything that is wrong with an installation, at once. It needs no engine, and changes nothing that one works with. */
export async function examine({ parts, paths, served, signal }: ExaminationOptions): Promise<CheckResult[]> {
  const settings = await loadSettings(paths.folder).catch((error: unknown) =>
    error instanceof SyncError ? error : new SyncError('settings.unreadable', { cause: error }),
  );
  const way = settings instanceof SyncError ? NOTHING : await wayChecks(settings, { parts, paths, served });
  const checks = [...dataChecks({ parts, paths, served, settings }), ...way.checks];
  try {
    return await runChecks(checks, { clock: parts.clock, signal, onResult: () => undefined });
  } finally {
    await way.close();
  }
}

interface Way {
  readonly checks: readonly Check[];
  readonly close: () => Promise<void>;
}

const NOTHING: Way = { checks: [], close: () => Promise.resolve() };

async function wayChecks(
  settings: Settings,
  { parts, paths, served }: Omit<ExaminationOptions, 'signal'>,
): Promise<Way> {
  const reports = new ReportStore(paths.reports);
  const past = new PastSessions(reports);
  const active = (settings.hub?.sites ?? []).filter((site) => site.active).map(({ number }) => number);
  await past.read(active).catch(() => undefined);
  const { checks, close } =
    settings.role === 'hub'
      ? hubWay(settings, { parts, paths, served, last: past.last })
      : siteWay(settings, parts, paths);
  const others = [
    ...tableChecks(parts, settings),
    ...pastChecks({ settings, past, reports, now: parts.clock.now() }),
    ...mailChecks(settings, paths, parts.clock.now()),
  ];
  return { checks: [...checks, ...others], close };
}

function hubWay(
  settings: Settings,
  {
    parts,
    paths,
    served,
    last,
  }: Omit<ExaminationOptions, 'signal'> & { readonly last: PastSessions['last'] },
): Way {
  const runtime = new HubRuntime(parts, settings, paths, {
    onRequest: () => undefined,
    onCompare: () => undefined,
    onTooMuchCompared: () => undefined,
    onSnapshotRequest: () => undefined,
    onLinked: () => undefined,
    onCodeRefused: () => undefined,
    onCertificate: () => undefined,
    stateChanged: () => undefined,
    blockedChanged: () => undefined,
    receiving: () => undefined,
  });
  // Of an engine that has the folder the port tells: a second server would only be in its way.
  const startServer = (): Promise<void> => (served ? Promise.resolve() : runtime.start());
  return { checks: hubChecks({ parts, settings, paths, startServer, last }), close: () => runtime.stop() };
}

function siteWay(settings: Settings, parts: Parts, paths: DataFolder): Way {
  const pairing: Check = {
    name: 'pairing',
    needs: [],
    run: () =>
      settings.site === null ? Promise.reject(new SyncError('settings.notPaired')) : Promise.resolve(null),
  };
  if (settings.site === null) return { checks: [pairing], close: NOTHING.close };
  // What a line teaches here, the next session learns by itself.
  const runtime = new SiteRuntime(parts, settings, paths, () => Promise.resolve());
  const { checks, close } = siteChecks(parts, settings, runtime);
  return {
    checks: [pairing, ...checks],
    close: () => {
      close();
      return Promise.resolve();
    },
  };
}
