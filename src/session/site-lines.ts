import type { Report, SiteReport, SiteSessionState, SiteTableCount } from '../report/report';
import type { HubSite } from './hub-folder';

/** The line of an establishment in the hub's report, made where it is missing. */
export function siteLine({ sites }: Report, { number, name }: HubSite): SiteReport {
  const known = sites.find((line) => line.number === number);
  if (known !== undefined) return known;
  const line: SiteReport = { number, name, state: 'expected', rows: 0, bytes: 0, tables: [] };
  sites.push(line);
  sites.sort((a, b) => a.number - b.number);
  return line;
}

export function setSites(report: Report, sites: readonly HubSite[], state: SiteSessionState): void {
  for (const site of sites) siteLine(report, site).state = state;
}

export function countSiteTable(
  line: SiteReport,
  table: string,
  added: Partial<Omit<SiteTableCount, 'table'>>,
): void {
  let count = line.tables.find((known) => known.table === table);
  if (count === undefined) {
    count = { table, received: 0, conflicts: 0, refused: 0 };
    line.tables.push(count);
  }
  count.received += added.received ?? 0;
  count.conflicts += added.conflicts ?? 0;
  count.refused += added.refused ?? 0;
}
