import { count, type Bench } from './bench';

const MOST = 250;

export const memory: Bench = {
  name: 'memory',
  measure: async ({ rows, sessions }) => {
    const { peak } = await sessions.of(rows);
    return [
      {
        what: `peak memory of any process, ${count(rows)} new rows`,
        measured: `${count(peak)} MB`,
        floor: '',
        ratio: null,
        goal: `under ${count(MOST)} MB`,
        met: peak < MOST,
      },
    ];
  },
};
