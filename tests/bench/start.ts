import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interleaved, time, type Bench } from './bench';
import { MEMBER } from './member-table';
import { benchProgram } from './sessions';
import { Installations } from '../support/installations';
import { productApp, startDesktop } from './window';

const MOST = 1.5;

/** From the double click to a screen that can be used, of a head office that is set up, beside a window with nothing in it. */
export const start: Bench = {
  name: 'start',
  measure: async ({ folder, programs, runs }) => {
    const desktop = await startDesktop();
    if (desktop === null) return [];
    const program = benchProgram(programs, join(folder, 'peaks'));
    try {
      const company = await Installations.open(program, 'company', { schema: MEMBER, sites: ['lyon'] });
      company.close();
      const { data } = company.post('hub');
      const open = async (app: string, name: string, usable: string): Promise<number> => {
        const window = await desktop.open({ app, profile: join(folder, `profile-${name}`), data, usable });
        await window.close();
        return window.taken;
      };
      const empty = (): Promise<number> => open(emptyApp(folder), 'empty', '#here');
      const ours = (): Promise<number> => open(productApp(programs), 'ours', '#ftp-state.active');
      // The first start makes the profile, once in the life of an installation.
      await empty();
      await ours();
      const { floor, measured, ratio } = await interleaved(2 * runs - 1, empty, ours);
      return [
        {
          what: 'start: double click to a screen that can be used',
          measured: time(measured),
          floor: `an empty NW.js window: ${time(floor)}`,
          ratio,
          goal: `at most ${MOST}`,
          met: ratio <= MOST,
        },
      ];
    } finally {
      await program.end();
      await desktop.end();
    }
  },
};

function emptyApp(folder: string): string {
  const app = join(folder, 'empty-app');
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'empty', main: 'index.html' }));
  writeFileSync(join(app, 'index.html'), '<!doctype html><title>Empty</title><p id="here"></p>');
  return app;
}
