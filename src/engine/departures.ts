import { departureFile } from '../schedule/departure-memory';
import { momentText } from '../schedule/next-departure';
import { runSchedule, type DepartureKind } from '../schedule/scheduler';
import type { DataFolder } from '../config/data-folder';
import type { Settings } from '../config/settings';
import type { Clock } from '../shared/clock';
import type { MessageParams } from '../shared/errors';
import type { LogLine } from './contract';

/** What departures need of the engine. */
export interface DeparturePlace {
  readonly paths: Pick<DataFolder, 'schedule'>;
  readonly parts: { readonly clock: Clock };
  configured(): Settings;
  say(level: LogLine['level'], key: string, params?: MessageParams): void;
  sayError(error: unknown): void;
}

/** Calls at each departure of the settings, and says which were missed, until the signal aborts. */
export function runDepartures(
  place: DeparturePlace,
  onDeparture: (kind: DepartureKind) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const { schedule } = place.paths;
  const hour = (planned: number): { at: string } => ({
    at: momentText(place.configured().schedule, planned),
  });
  return runSchedule({
    schedule: () => place.configured().schedule,
    memory: departureFile(schedule),
    clock: place.parts.clock,
    signal,
    onDeparture: async (planned, kind) => {
      if (kind === 'late') place.say('info', 'session.departureLate', hour(planned));
      if (kind === 'again') place.say('info', 'session.departureAgain', hour(planned));
      try {
        return await onDeparture(kind);
      } catch (error) {
        // One that cannot begin must not take those to come along.
        place.sayError(error);
        return true;
      }
    },
    onMissed: (planned) => place.say('warning', 'session.departureMissed', hour(planned)),
    onUnsaved: (error) => place.sayError(error),
  });
}
