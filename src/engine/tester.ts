import type { CheckResult } from './contract';
import { runChecks, type Check } from './checks';
import { hubChecks } from './hub-checks';
import { HubRuntime } from './hub-runtime';
import type { PastSessions } from './past-sessions';
import { siteChecks } from './site-checks';
import type { Workplace } from './workplace';

/** The test of the way, told as it goes. */
export class Tester {
  readonly #place: Workplace;
  readonly #past: PastSessions;
  #running: AbortController | null = null;

  constructor(place: Workplace, past: PastSessions) {
    this.#place = place;
    this.#past = past;
  }

  /** A second one takes the place of the first. */
  async run(): Promise<readonly CheckResult[]> {
    this.stop();
    const { parts, events } = this.#place;
    const abort = new AbortController();
    this.#running = abort;
    const { checks, close } = this.#checks();
    abort.signal.addEventListener('abort', close, { once: true });
    try {
      const onResult = (result: CheckResult): void => {
        if (this.#running === abort) events.checked(result);
      };
      return await runChecks(checks, { clock: parts.clock, signal: abort.signal, onResult });
    } finally {
      close();
      if (this.#running === abort) this.#running = null;
    }
  }

  stop(): void {
    this.#running?.abort(new Error('test stopped'));
    this.#running = null;
  }

  #checks(): { readonly checks: readonly Check[]; readonly close: () => void } {
    const { parts, paths } = this.#place;
    const settings = this.#place.configured();
    const runtime = this.#place.runtime();
    if (!(runtime instanceof HubRuntime)) return siteChecks(parts, settings, runtime);
    const checks = hubChecks({
      parts,
      settings,
      paths,
      startServer: () => runtime.start(),
      last: this.#past.last,
    });
    return { checks, close: () => undefined };
  }
}
