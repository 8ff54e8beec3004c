import type { DataFolder } from '../config/data-folder';
import type { ReportStore } from '../report/report-store';
import { foldersIn, removeAbandoned } from '../session/abandoned-files';
import { DAY } from '../session/tidy';

/** However old they are, the last sessions can be looked at. */
const REPORTS_KEPT = 50;

/** Forgets, in a data folder, old reports and what was left unfinished. `reportDays`: how long reports are kept. */
export async function tidyFolder(
  paths: DataFolder,
  reports: ReportStore,
  { now, reportDays }: { readonly now: number; readonly reportDays: number },
): Promise<void> {
  await reports.prune(now - reportDays * DAY, REPORTS_KEPT);
  const { folder, tls, outbox, mailQueue, sites, rounds } = paths;
  const inboxes = (await Promise.all((await foldersIn(sites)).map(foldersIn))).flat();
  const all = [folder, tls, outbox, mailQueue, paths.reports, ...inboxes, ...(await foldersIn(rounds))];
  for (const each of all) await removeAbandoned(each, now);
}
