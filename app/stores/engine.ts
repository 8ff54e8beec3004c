import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { EngineEvents, LogLine, Overview } from '../../src/engine/contract';
import type { HistoryLine } from '../../src/report/report';
import type { BlockedAddress } from '../../src/transport/port';
import type { Bridge, EngineState } from '../bridge';

/** Lines kept on the screen; the reports keep all of theirs. */
const LOG_LIMIT = 1000;
const RECENT = 10;

/** What the engine last said. Nothing here is computed: it is fetched, or it came with an event. */
export const useEngineStore = defineStore('engine', () => {
  const state = ref<EngineState>('running');
  const overview = shallowRef<Overview | null>(null);
  const log = shallowRef<readonly LogLine[]>([]);
  const recent = shallowRef<readonly HistoryLine[]>([]);
  /** Grows at each change of the list of sessions, for screens that show more than the recent ones. */
  const historyVersion = ref(0);
  const blocked = shallowRef<readonly BlockedAddress[]>([]);
  let engine: Bridge['engine'] | null = null;

  const events: EngineEvents = {
    overviewChanged: (changed) => {
      overview.value = changed;
    },
    logged: (line) => {
      log.value = [...log.value, line].slice(-LOG_LIMIT);
    },
    historyChanged: () => {
      historyVersion.value++;
      void quietly(loadRecent);
    },
    blockedChanged: () => void quietly(loadBlocked),
    checked: () => undefined,
    settingsChanged: () => undefined,
    conflictsChanged: () => undefined,
  };

  function connect(bridge: Bridge, altIsDown: () => boolean): void {
    engine = bridge.engine;
    state.value = bridge.connect({
      events,
      altIsDown,
      engineStateChanged: (changed) => {
        state.value = changed;
        if (changed === 'stopped') {
          overview.value = withoutEngine(overview.value);
          return;
        }
        // A new engine numbers its lines anew.
        log.value = [];
        void quietly(load);
      },
    });
    if (state.value === 'running') void quietly(load);
  }

  async function load(): Promise<void> {
    if (engine === null) return;
    overview.value = await engine.overview();
    await Promise.all([loadLog(), loadRecent(), loadBlocked()]);
  }

  async function loadLog(): Promise<void> {
    if (engine === null) return;
    const lines = await engine.log();
    const last = lines.at(-1)?.sequence ?? 0;
    // What was logged while the lines were on their way.
    const newer = log.value.filter((line) => line.sequence > last);
    log.value = [...lines, ...newer].slice(-LOG_LIMIT);
  }

  async function loadRecent(): Promise<void> {
    if (engine !== null) recent.value = (await engine.history({ limit: RECENT })).lines;
  }

  async function loadBlocked(): Promise<void> {
    if (engine !== null) blocked.value = await engine.blockedAddresses();
  }

  function emptyLog(): void {
    log.value = [];
  }

  return { state, overview, log, recent, historyVersion, blocked, connect, emptyLog };
});

/** What stays true when the engine has died: its session and its FTP server died with it. */
function withoutEngine(overview: Overview | null): Overview | null {
  if (overview === null) return null;
  const ftp = overview.ftp === null ? null : ({ active: false, reason: null } as const);
  return { ...overview, session: null, progress: null, ftp };
}

/** For what nobody asked for: it is fetched again at the next event, and a dead engine has its own banner. */
async function quietly(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    console.error(error);
  }
}
