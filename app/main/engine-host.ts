import type { EngineCalls, EngineEvents } from '../../src/engine/contract';
import type { EngineStanding } from '../bridge';
import { callsThrough } from './engine-calls';
import { EngineStopped, findService, startThread, type EngineLink } from './engine-links';

export interface EngineHost {
  readonly standing: EngineStanding;
  readonly calls: EngineCalls;
  /** Attaches to the service of the data folder, or starts an engine in this program where there is none. */
  start(): Promise<void>;
  /** Lets an engine of this program end its session at a safe point, for `limit` milliseconds. A service goes on. */
  stop(limit: number): Promise<void>;
}

export interface EngineHostOptions {
  readonly threadFile: string;
  readonly dataFolder: string;
  /** Of this window. */
  readonly version: string;
  readonly events: EngineEvents;
  readonly onChanged: (standing: EngineStanding) => void;
  /** Milliseconds between two looks for a service that is expected. */
  readonly pause?: number;
}

const PAUSE = 2_000;

/** Keeps the engine that the window works with: one of its own, or the machine's service. Notices when it is gone. */
export function createEngineHost(options: EngineHostOptions): EngineHost {
  const { threadFile, dataFolder, version, onChanged, pause = PAUSE } = options;
  let link: EngineLink | null = null;
  let standing: EngineStanding = { state: 'running', host: 'window' };
  let begun: Promise<void> = Promise.resolve();
  const search = createSearch(pause, () => {
    begun = begun.then(async () => {
      if (search.underWay) await attach();
    });
  });

  const events = watchingLock(options.events, () => search.begin());

  function stand(changed: EngineStanding): void {
    standing = changed;
    onChanged(standing);
  }

  function use(made: EngineLink): void {
    link = made;
    void made.ended.then(() => {
      if (link !== made) return;
      link = null;
      stand({ state: 'stopped', host: made.host });
      if (made.host === 'service') search.begin();
    });
    stand({ state: 'running', host: made.host });
  }

  async function begin(): Promise<void> {
    if (link !== null) return;
    search.end();
    if (!(await attach())) use(startThread(threadFile, dataFolder, events));
  }

  /** Whether there is a service. One of another version is left alone, until its successor is there. */
  async function attach(): Promise<boolean> {
    const service = await findService(dataFolder, version, events);
    if (service === 'otherVersion') {
      stand({ state: 'stopped', host: 'otherService' });
      search.begin();
    } else if (service !== null) {
      search.end();
      const former = link;
      use(service);
      await former?.end(0);
    }
    return service !== null;
  }

  async function call<Name extends keyof EngineCalls>(
    name: Name,
    ...args: Parameters<EngineCalls[Name]>
  ): Promise<Awaited<ReturnType<EngineCalls[Name]>>> {
    await begun;
    if (link === null) throw new EngineStopped();
    return link.rpc.$call(name, ...args);
  }

  return {
    get standing() {
      return standing;
    },
    calls: callsThrough(call),
    start: () => (begun = begun.then(begin)),
    async stop(limit) {
      search.end();
      await begun;
      const former = link;
      link = null;
      await former?.end(limit);
    },
  };
}

/** `onLocked`: another program has the data folder, a service that is still starting or a command that will end. */
const watchingLock = (events: EngineEvents, onLocked: () => void): EngineEvents => ({
  ...events,
  overviewChanged(overview) {
    if (overview.problems.some(({ key }) => key === 'error.data.locked')) onLocked();
    events.overviewChanged(overview);
  },
});

function createSearch(
  pause: number,
  look: () => void,
): { readonly underWay: boolean; begin(): void; end(): void } {
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    get underWay() {
      return timer !== undefined;
    },
    begin() {
      timer ??= setInterval(look, pause);
    },
    end() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
