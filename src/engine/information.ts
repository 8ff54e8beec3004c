import { arch, platform, release } from 'node:os';
import type { DataFolder } from '../config/data-folder';
import type { HistoryLine } from '../report/report';
import type { Information, Licence, LogLine, Overview, SettingsView } from './contract';

/** The packages that the product is made of: written in by the build. */
declare const __LICENCES__: readonly Licence[];

/** As many results and log lines as a support needs to see what happened. */
export const RESULTS_TOLD = 20;
const LINES_TOLD = 50;

export interface InformationSources {
  readonly application: string;
  readonly host: Readonly<Record<string, string>>;
  readonly paths: DataFolder;
  readonly view: SettingsView;
  readonly overview: Overview;
  readonly history: readonly HistoryLine[];
  readonly log: readonly LogLine[];
}

/** What the program is and where its things lie; for support, how it fares too. Nothing in it is secret. */
export function informationOf(sources: InformationSources): Information {
  const { application, host, paths, view } = sources;
  const versions = { ...host, node: process.versions.node, system: `${platform()} ${release()} ${arch()}` };
  const places = {
    data: paths.folder,
    settings: paths.settings,
    reports: paths.reports,
    log: paths.progressLog,
    logs: paths.log,
    ...(view.values === null ? {} : { database: view.values.database }),
  };
  return {
    application,
    versions,
    licences: __LICENCES__,
    paths: places,
    support: supportText(sources, versions, places),
  };
}

/** JSON: whoever reads it is to paste it into a ticket and search in it, not to read it aloud. */
function supportText(
  { application, view, overview, history, log }: InformationSources,
  versions: Information['versions'],
  paths: Information['paths'],
): string {
  const { verdict, problems, ftp, sites, lastSynchronisation } = overview;
  const state = { verdict, problems, ftp, lastSynchronisation, sites: sites.map(withoutResults) };
  const settings = view.values ?? { problem: view.problem, faults: view.faults };
  const lines = log.slice(-LINES_TOLD).map(({ at, level, key, params }) => ({ at, level, key, params }));
  return JSON.stringify({ application, versions, paths, state, settings, history, log: lines }, null, 1);
}

const withoutResults = ({ number, name, state, lastSuccess }: Overview['sites'][number]): object => ({
  number,
  name,
  state,
  lastSuccess,
});
