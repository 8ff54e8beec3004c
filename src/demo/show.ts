import type { Parts } from '../engine/parts';
import type { Report } from '../report/report';
import type { Translate } from '../shared/translate';
import type { Place } from './places';
import type { PortRange } from './ports';
import { ProgressBoard } from './progress-board';
import { awaitReport, synchroniseTogether } from './sessions';
import type { Terminal } from './terminal';
import { PlaceWindow, type WindowProgram } from './windows';

export interface ShowOptions {
  readonly parts: Parts;
  readonly places: readonly Place[];
  readonly ports: PortRange;
  readonly windows: WindowProgram | null;
  readonly terminal: Terminal;
  readonly translate: Translate;
  readonly print: (text: string) => void;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export interface Shown {
  /** In the order of the places. */
  readonly reports: readonly Report[];
  /** How many were left open. */
  readonly windows: number;
}

/** How long a window may take to appear, and its session to end, milliseconds. */
const OPENING_LIMIT = 20_000;
const ENDING_LIMIT = 20_000;

/** Synchronises all places at once: the head office in its window where there can be one, the others in this process. */
export async function synchroniseAndShow(options: ShowOptions): Promise<Shown> {
  const { parts, places, terminal, translate, print, pause } = options;
  const [hub, ...gyms] = places;
  if (hub === undefined) return { reports: [], windows: 0 };
  const window = await openHubWindow(hub, options);
  const here = window === null ? places : gyms;
  const reports = await synchroniseTogether(here, parts, new ProgressBoard(terminal, translate, here));
  if (window === null) return { reports, windows: 0 };
  const hubReport = await awaitReport(hub, ENDING_LIMIT, pause);
  if (hubReport !== null) print(endOf(hub, hubReport, translate));
  const second = openGymWindow(gyms, options);
  return {
    reports: hubReport === null ? reports : [hubReport, ...reports],
    windows: [window, second].filter((opened) => opened?.running === true).length,
  };
}

const endOf = ({ name }: Place, { state }: Report, translate: Translate): string =>
  translate('demo.endedThere', { name, state: translate(`state.${state}`) });

/** The head office's window, once its engine listens to the gyms. Null where it does not come: a word is said then. */
async function openHubWindow(hub: Place, options: ShowOptions): Promise<PlaceWindow | null> {
  const { windows, ports, translate, print, pause } = options;
  if (windows === null) return null;
  print(translate('demo.windows.opening', { name: hub.name }));
  const window = new PlaceWindow(windows, hub);
  if (await window.listens(ports.control, OPENING_LIMIT, pause)) return window;
  await window.close();
  print(translate('demo.windows.none'));
  return null;
}

/** The first gym as its manager sees it: its session ran in this process, its window shows the report. */
function openGymWindow(
  [gym]: readonly Place[],
  { windows, translate, print }: ShowOptions,
): PlaceWindow | null {
  if (windows === null || gym === undefined) return null;
  print(translate('demo.windows.opening', { name: gym.name }));
  return new PlaceWindow(windows, gym);
}
