import { expect, test } from 'vitest';
import { DAY } from '../../src/session/tidy';
import { instead } from '../support/instead';
import { Nightly } from '../support/nightly';

test('a site that waits for its round looks sooner at first, and in the end as often as it is told to', async () => {
  const nightly = new Nightly({
    schema: `CREATE TABLE member (id INTEGER PRIMARY KEY)`,
    retention: { changes: 30 * DAY, conflicts: 1100 * DAY, reportDays: 400 },
  });
  try {
    for (const place of [0, 1]) await nightly.add(place);
    const told: number[] = [];
    const looks: number[] = [];
    nightly.links.set(1, (link) => {
      const telling = instead(link, 'status', (own) => async (signal) => {
        const status = await own.status(signal);
        told.push(status.time);
        return status;
      });
      return instead(telling, 'isPublished', (own) => async (round, signal) => {
        looks.push((await link.status(signal)).time);
        return own.isPublished(round, signal);
      });
    });
    nightly.at(1, `INSERT INTO member VALUES (1)`);
    nightly.patience = 10_000;
    nightly.pollInterval = 1000;
    await nightly.sessions([1], 1);
    const waits = pausesOf([told[0] ?? 0, ...looks]);
    expect(waits.slice(0, 7)).toEqual([100, 100, 100, 100, 100, 125, 156.25]);
    expect(waits.slice(-6, -1)).toEqual(Array<number>(5).fill(1000));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(10_000);
    // What it asks the hub's status for comes seldom: a data line each.
    const between = pausesOf(told);
    expect(between.every((pause) => pause >= 4000)).toBe(true);
    expect(between.reduce((sum, pause) => sum + pause, 0)).toBe(10_000);
  } finally {
    nightly.close();
  }
});

const pausesOf = (times: readonly number[]): number[] =>
  times
    .slice(1)
    .map((time, at) => time - (times[at] ?? 0))
    .filter((pause) => pause > 0);
