import { dataFolder } from '../config/data-folder';
import { Engine } from '../engine/engine';
import type { Parts } from '../engine/parts';
import { SILENT_EVENTS } from '../engine/silent-events';
import type { Report } from '../report/report';
import { ReportStore } from '../report/report-store';
import type { Place } from './places';
import type { ProgressBoard } from './progress-board';

/** A session that hangs is stopped after so long, milliseconds: its report then says at which step. */
const SESSION_LIMIT = 45_000;

/** Starts one synchronisation at each of these places, all at once, in this process. The reports come in their order. */
export async function synchroniseTogether(
  places: readonly Place[],
  parts: Parts,
  board: ProgressBoard,
): Promise<Report[]> {
  const engines: Engine[] = [];
  const stopAll = (): void => {
    for (const engine of engines) void engine.stopSession();
  };
  const limit = setTimeout(stopAll, SESSION_LIMIT);
  try {
    for (const place of places) {
      const engine = new Engine(parts, place.folder, {
        ...SILENT_EVENTS,
        overviewChanged: (overview) => board.update(place, overview),
      });
      engines.push(engine);
      await engine.open();
    }
    return await Promise.all(
      engines.map(async (engine, at) => {
        const report = await engine.synchronise('manual');
        const place = places[at];
        if (place !== undefined) board.ended(place, report);
        // The others would wait for it in vain.
        if (report.state === 'failed') stopAll();
        return report;
      }),
    );
  } finally {
    clearTimeout(limit);
    await Promise.all(engines.map((engine) => engine.shutdown()));
  }
}

const LOOK_EVERY = 200;

/** The report of the first session of an engine in another process, once it has ended. Null after `limit` milliseconds. */
export async function awaitReport(
  { folder }: Place,
  limit: number,
  pause: (milliseconds: number) => Promise<void>,
): Promise<Report | null> {
  const store = new ReportStore(dataFolder(folder).reports);
  for (let waited = 0; waited < limit; waited += LOOK_EVERY) {
    const [line] = await store.list(1);
    if (line !== undefined && line.endedAt !== null) return store.read(line.id);
    await pause(LOOK_EVERY);
  }
  return null;
}
