import { readdir, readFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { basename, join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import type { DataFolder } from '../config/data-folder';
import { redact, secretsOf } from '../config/secrets';
import { loadSettings, type Settings } from '../config/settings';
import { writeFileAtomic } from '../shared/atomic-file';
import { toSyncError } from '../shared/to-sync-error';
import { logFiles } from '../shared/log-file';
import type { CheckResult } from './contract';
import type { Parts } from './parts';
import { withoutSecrets } from './settings-view';

/** As many reports as a support needs to see what happened. */
const REPORTS = 30;
/** Of each file, the end: what happened last. Characters. */
const MOST = 4 << 20;

export interface SupportSources {
  readonly parts: Parts;
  readonly paths: DataFolder;
  /** Versions of the host, by name. */
  readonly host: Readonly<Record<string, string>>;
  /** What an examination found. */
  readonly results: readonly CheckResult[];
}

/** Writes an archive for support to `file`. No secret and no value of a row is in it. Rejects with `disk.*`. */
export async function writeSupport(file: string, sources: SupportSources): Promise<void> {
  const settings = await loadSettings(sources.paths.folder).catch(toSyncError);
  const secrets = settings instanceof Error ? [] : secretsOf(settings);
  const texts = [...ownTexts(sources, settings), ...(await fileTexts(sources.paths))];
  const entries = texts.map(([name, text]) => [name, strToU8(redact(text.slice(-MOST), secrets))] as const);
  await writeFileAtomic(file, zipSync(Object.fromEntries(entries)), { mode: 0o600 });
}

type Text = readonly [name: string, text: string];

function ownTexts({ parts, host, results }: SupportSources, settings: Settings | Error): Text[] {
  const { english, application, clock } = parts;
  const versions = {
    at: new Date(clock.now()).toISOString(),
    application,
    ...host,
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
  };
  const known =
    settings instanceof Error
      ? { problem: settings.message }
      : { ...withoutSecrets(settings), sites: sitesOf(settings) };
  const lines = results.map(({ name, state, message }) => {
    const said = message === null ? '' : `: ${english(message.key, message.params)}`;
    return `${state.padEnd(8)} ${english(`check.${name}`)}${said}\n`;
  });
  return [
    ['versions.json', json(versions)],
    ['settings.json', json(known)],
    ['examination.json', json(results)],
    ['examination.txt', lines.join('')],
  ];
}

const sitesOf = ({ hub }: Settings): object[] =>
  (hub?.sites ?? []).map(({ number, name, active }) => ({ number, name, active }));

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/** What lies in the data folder and is no secret: logs, reports, small files of state. */
async function fileTexts({
  log,
  progressLog,
  crashLog,
  reports,
  schedule,
  mailState,
  blocked,
}: DataFolder): Promise<Text[]> {
  const names = await readdir(reports).catch(() => []);
  const last = names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .slice(-REPORTS);
  const files = [
    ...[...logFiles(log), progressLog, ...logFiles(crashLog)].map((file) => ['logs', file] as const),
    ...last.map((name) => ['reports', join(reports, name)] as const),
    ...[schedule, mailState, blocked].map((file) => ['state', file] as const),
  ];
  const texts = await Promise.all(
    files.map(async ([folder, file]) => {
      const text = await readFile(file, 'utf8').catch(() => null);
      return text === null ? null : ([`${folder}/${basename(file)}`, text] as const);
    }),
  );
  return texts.filter((text) => text !== null);
}
