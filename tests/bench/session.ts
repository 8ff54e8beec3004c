import { count, perSecond, time, type Bench } from './bench';

/** Whole processes, over FTP with TLS, on the rows' way from one site through the hub to another. */
export const session: Bench = {
  name: 'session',
  measure: async ({ rows, sessions }) => {
    const sizes = [rows / 10, rows];
    const figures = [];
    for (const size of sizes) {
      const { whole } = await sessions.of(size);
      figures.push({
        what: `whole synchronisation, ${count(size)} new rows, site to hub to site`,
        measured: `${time(whole.measured)} (${perSecond(size, whole.measured)})`,
        floor: `insert … select between attached files, twice: ${time(whole.floor)}`,
        ratio: whole.ratio,
        goal: 'at most 4',
        met: whole.ratio <= 4,
      });
    }
    return figures;
  },
};
