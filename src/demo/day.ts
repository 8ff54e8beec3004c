import { Application } from './application';
import { earlyEdits, lateEdits, type At } from './disputes';
import type { Place } from './places';
import { createRandom } from './random';
import { gymDay, headOfficeDay } from './work';

/**
 * Between the two edits of what two people change on purpose, milliseconds. Which is the newest is told by clocks, and
 * the difference between two clocks is measured no better than the line between them is quick.
 */
const BETWEEN_EDITS = 1_500;

/** What was done in one database during the day, in rows. */
export interface DayOf {
  readonly place: Place;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** A day of work at each place, none knowing of the others'. */
export async function playDay(
  places: readonly Place[],
  seed: number,
  pause: (milliseconds: number) => Promise<void>,
): Promise<DayOf[]> {
  const applications = new Map(
    places.map(({ database, number }) => [number, new Application(database, number)] as const),
  );
  const at: At = (number) => {
    const application = applications.get(number);
    if (application === undefined) throw new Error(`no establishment ${String(number)}`);
    return application;
  };
  const started = Date.now();
  earlyEdits(at);
  for (const [establishment, application] of applications) {
    const till = { application, random: createRandom(seed + establishment), establishment, daysAgo: 0 };
    application.transaction(() => (establishment === 0 ? headOfficeDay(till) : gymDay(till)));
  }
  await pause(Math.max(0, started + BETWEEN_EDITS - Date.now()));
  lateEdits(at);
  return places.map((place) => {
    const application = at(place.number);
    application.close();
    return { place, ...application.counts };
  });
}
