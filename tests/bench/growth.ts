import { count, type Bench } from './bench';

/** Time a row, beyond that of a session that carries nothing: what a session costs by itself hides it in small ones. */
export const growth: Bench = {
  name: 'growth',
  measure: async ({ rows, sessions }) => {
    const sizes = [rows / 100, rows / 10, rows];
    const costs: number[] = [];
    for (const size of sizes) {
      const { whole, quiet } = await sessions.of(size);
      costs.push(((whole.measured - quiet) / size) * 1e6);
    }
    const [most = NaN, ...others] = costs.toReversed();
    const least = Math.min(...others);
    const ratio = most / least;
    return [
      {
        what: `time a row: ${sizes.map(count).join(', ')} new rows`,
        measured: `${costs.map((cost) => cost.toFixed(1)).join(', ')} µs`,
        floor: `the less of the smaller two: ${least.toFixed(1)} µs`,
        ratio,
        goal: 'at most 1.2',
        met: ratio <= 1.2,
      },
    ];
  },
};
