import { count, time, type Bench } from './bench';

/** Seconds. */
const MOST = 2;

/** A session with no change, in a database that is a hundred times as large as another: a table scanned would show. */
export const quietNight: Bench = {
  name: 'quiet-night',
  measure: async ({ rows, sessions }) => {
    const { quiet: small } = await sessions.of(rows / 100);
    const { quiet } = await sessions.of(rows);
    return [
      {
        what: `a quiet night, databases of ${count(rows)} rows`,
        measured: time(quiet),
        floor: `of ${count(rows / 100)} rows: ${time(small)}`,
        ratio: quiet / small,
        goal: `under ${MOST} s`,
        met: quiet < MOST,
      },
    ];
  },
};
