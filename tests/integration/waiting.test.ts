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
    const looks: number[] = [];
    nightly.links.set(1, (link) =>
      instead(link, 'status', (own) => async (signal) => {
        const status = await own.status(signal);
        looks.push(status.time);
        return status;
      }),
    );
    nightly.at(1, `INSERT INTO member VALUES (1)`);
    nightly.patience = 10_000;
    nightly.pollInterval = 1000;
    await nightly.sessions([1], 1);
    const pauses = looks.slice(1).map((time, at) => time - (looks[at] ?? 0));
    const waits = pauses.filter((pause) => pause > 0);
    expect(waits.slice(0, 7)).toEqual([100, 100, 100, 100, 100, 125, 156.25]);
    expect(waits.slice(-6, -1)).toEqual(Array<number>(5).fill(1000));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(10_000);
  } finally {
    nightly.close();
  }
});
