import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type {
  CheckResult,
  ComparisonProgress,
  EngineEvents,
  LogLine,
  Overview,
  SnapshotProgress,
} from '../../src/engine/contract';
import type { HistoryLine } from '../../src/report/report';
import type { BlockedAddress } from '../../src/transport/port';
import type { Bridge, BridgeListener, EngineStanding, EngineState } from '../bridge';

/** Lines kept on the screen; the reports keep all of theirs. */
const LOG_LIMIT = 1000;
const RECENT = 10;

/** Keys under `screen.`. */
const LOSSES = {
  window: 'engineStopped',
  service: 'serviceStopped',
  otherService: 'serviceVersion',
} as const satisfies Record<EngineStanding['host'], string>;

function createState() {
  return {
    state: ref<EngineState>('running'),
    host: ref<EngineStanding['host']>('window'),
    overview: shallowRef<Overview | null>(null),
    log: shallowRef<readonly LogLine[]>([]),
    recent: shallowRef<readonly HistoryLine[]>([]),
    /** Grows at each change of the list of sessions, for screens that show more than the recent ones. */
    historyVersion: ref(0),
    /** Likewise, for the settings and sites, and for the conflict journal. */
    settingsVersion: ref(0),
    conflictsVersion: ref(0),
    /** Of the test under way, or the last one, in the order in which they started. */
    checks: shallowRef<readonly CheckResult[]>([]),
    /** Of the comparison or repair under way. */
    comparing: shallowRef<ComparisonProgress | null>(null),
    /** Of a starting point that is written or loaded. */
    snapshot: shallowRef<SnapshotProgress | null>(null),
    blocked: shallowRef<readonly BlockedAddress[]>([]),
  };
}

type State = ReturnType<typeof createState>;

/** What the engine last said. Nothing here is computed: it is fetched, or it came with an event. */
export const useEngineStore = defineStore('engine', () => {
  const store = createState();
  const { state, host, overview, log, checks } = store;
  /** What to say of an engine that this window has not, or no more. */
  const loss = computed(() => LOSSES[host.value]);

  function connect(bridge: Bridge, window: Omit<BridgeListener, 'events' | 'engineChanged'>): void {
    const { engine } = bridge;
    const standing = bridge.connect({
      ...window,
      events: eventsOf(store, engine),
      engineChanged: (changed) => {
        stand(changed);
        if (changed.state === 'stopped') {
          overview.value = withoutEngine(overview.value);
          return;
        }
        // A new engine numbers its lines anew.
        log.value = [];
        void quietly(() => load(store, engine));
      },
    });
    stand(standing);
    if (state.value === 'running') void quietly(() => load(store, engine));
  }

  function stand(standing: EngineStanding): void {
    state.value = standing.state;
    host.value = standing.host;
  }

  function emptyLog(): void {
    log.value = [];
  }

  function forgetChecks(): void {
    checks.value = [];
  }

  return { ...store, loss, connect, emptyLog, forgetChecks };
});

function eventsOf(store: State, engine: Bridge['engine']): EngineEvents {
  return {
    overviewChanged: (changed) => {
      store.overview.value = changed;
    },
    logged: (line) => {
      store.log.value = [...store.log.value, line].slice(-LOG_LIMIT);
    },
    historyChanged: () => {
      store.historyVersion.value++;
      void quietly(() => loadRecent(store, engine));
    },
    blockedChanged: () => void quietly(() => loadBlocked(store, engine)),
    checked: (result) => {
      store.checks.value = withCheck(store.checks.value, result);
    },
    comparing: (progress) => {
      store.comparing.value = progress;
    },
    snapshotAdvances: (progress) => {
      store.snapshot.value = progress;
    },
    settingsChanged: () => {
      store.settingsVersion.value++;
    },
    conflictsChanged: () => {
      store.conflictsVersion.value++;
    },
  };
}

async function load(store: State, engine: Bridge['engine']): Promise<void> {
  store.overview.value = await engine.overview();
  await Promise.all([loadLog(store, engine), loadRecent(store, engine), loadBlocked(store, engine)]);
}

async function loadLog({ log }: State, engine: Bridge['engine']): Promise<void> {
  const lines = await engine.log();
  const last = lines.at(-1)?.sequence ?? 0;
  // What was logged while the lines were on their way.
  const newer = log.value.filter((line) => line.sequence > last);
  log.value = [...lines, ...newer].slice(-LOG_LIMIT);
}

async function loadRecent({ recent }: State, engine: Bridge['engine']): Promise<void> {
  recent.value = (await engine.history({ limit: RECENT })).lines;
}

async function loadBlocked({ blocked }: State, engine: Bridge['engine']): Promise<void> {
  blocked.value = await engine.blockedAddresses();
}

/** A check that was told of already is told of again when it ends: it keeps its place. */
function withCheck(checks: readonly CheckResult[], result: CheckResult): readonly CheckResult[] {
  const known = checks.some(({ name }) => name === result.name);
  return known ? checks.map((check) => (check.name === result.name ? result : check)) : [...checks, result];
}

/** What stays true when the engine has died: its session and its FTP server died with it. */
function withoutEngine(overview: Overview | null): Overview | null {
  if (overview === null) return null;
  const ftp = overview.ftp === null ? null : ({ active: false, reason: null } as const);
  return {
    ...overview,
    session: null,
    progress: null,
    deadline: null,
    stopEffect: null,
    stopping: false,
    receptions: [],
    ftp,
  };
}

/** For what nobody asked for: it is fetched again at the next event, and a dead engine has its own banner. */
async function quietly(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    console.error(error);
  }
}
