import { join } from 'node:path';
import type { WebDriver } from 'selenium-webdriver';
import { count, pairOf, type Bench, type Context } from './bench';
import { MEMBER, copyMembers, makeMembers, openDatabase } from './member-table';
import { benchProgram } from './sessions';
import { Installations } from '../support/installations';
import { productApp, startDesktop, type Desktop } from './window';

/** Milliseconds. */
const MOST = 100;
const IDLE = 10_000;
const TICK = 5;

/** How long the head office's window did not answer, at most, while the engine within it merged what a site sent. */
export const stall: Bench = {
  name: 'stall',
  measure: async (context) => {
    const desktop = await startDesktop();
    if (desktop === null) return [];
    try {
      makeMembers(join(context.folder, 'source.db'), context.rows);
      const turns = [];
      for (let run = 0; run < context.runs; run += 1) turns.push(await merge(desktop, context, run));
      const { floor, measured, ratio } = pairOf(turns);
      return [
        {
          what: `longest stall of the window, a merge of ${count(context.rows)} rows`,
          measured: `${measured.toFixed(0)} ms`,
          floor: `the same window idle: ${floor.toFixed(0)} ms`,
          ratio,
          goal: `under ${MOST} ms`,
          met: measured < MOST,
        },
      ];
    } finally {
      await desktop.end();
    }
  },
};

async function merge(
  desktop: Desktop,
  { folder, programs }: Context,
  run: number,
): Promise<{ floor: number; measured: number }> {
  const program = benchProgram(programs, join(folder, 'peaks'));
  try {
    const company = await Installations.open(program, 'company', {
      schema: MEMBER,
      sites: ['lyon'],
      settings: { receptionLimit: '60', waitLimit: '60' },
    });
    const lyon = openDatabase(company.post('lyon').path);
    copyMembers(lyon, join(folder, 'source.db'));
    lyon.close();
    const window = await desktop.open({
      app: productApp(programs),
      profile: join(folder, `profile-${run}`),
      data: company.post('hub').data,
      usable: '#ftp-state.active',
    });
    try {
      const floor = await longestGap(
        window.driver,
        () => new Promise((resolve) => setTimeout(resolve, IDLE)),
      );
      const measured = await longestGap(window.driver, () => company.json('lyon', 'sync'));
      company.close();
      return { floor, measured };
    } finally {
      await window.close();
    }
  } finally {
    await program.end();
  }
}

/**
 * Milliseconds, while `work` lasts, between two turns of the page's own thread: frames of a display without a graphics
 * card wait for other threads too.
 */
async function longestGap(driver: WebDriver, work: () => Promise<unknown>): Promise<number> {
  await driver.executeScript(`
    const probe = (window.probe = { longest: 0, last: performance.now() });
    probe.timer = setInterval(() => {
      const now = performance.now();
      probe.longest = Math.max(probe.longest, now - probe.last - ${TICK});
      probe.last = now;
    }, ${TICK});
  `);
  await work();
  return driver.executeScript<number>('clearInterval(window.probe.timer); return window.probe.longest');
}
