import type { EngineEvents } from './contract';

/** For whoever listens to some events alone, or to none. */
export const SILENT_EVENTS: EngineEvents = {
  overviewChanged: () => undefined,
  logged: () => undefined,
  historyChanged: () => undefined,
  blockedChanged: () => undefined,
  checked: () => undefined,
  comparing: () => undefined,
  snapshotAdvances: () => undefined,
  settingsChanged: () => undefined,
  conflictsChanged: () => undefined,
};
