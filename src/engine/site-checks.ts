import type { Settings } from '../config/settings';
import type { Fingerprints } from '../merge/schema-differences';
import { parseStatus } from '../transport/answers';
import type { HubProbe, HubStatus } from '../transport/port';
import { found, type Check, type Finding } from './checks';
import type { CheckName } from './contract';
import { checkDatabase, checkSchema } from './database-checks';
import type { Parts } from './parts';
import type { SiteRuntime } from './site-runtime';

/** Clocks further apart than this are wrong; the merge corrects them all the same. Milliseconds. */
const CLOCK_TOLERANCE = 120_000;

export interface SiteChecks {
  readonly checks: readonly Check[];
  /** Ends what is under way. */
  readonly close: () => void;
}

/** The whole way of a session, from this database to the hub's clock. */
export function siteChecks(parts: Parts, settings: Settings, runtime: SiteRuntime): SiteChecks {
  const probe = runtime.openProbe();
  const way = new WayToHub(parts, probe);
  const needing = (...needs: CheckName[]): CheckName[] => needs;
  const checks: Check[] = [
    { name: 'database', needs: [], run: () => checkDatabase(parts, settings) },
    { name: 'resolution', needs: [], run: () => resolution(probe) },
    { name: 'port', needs: needing('resolution'), run: () => done(probe.connect()) },
    { name: 'certificate', needs: needing('resolution', 'port'), run: () => certificate(probe, settings) },
    { name: 'login', needs: needing('resolution', 'port', 'certificate'), run: () => done(probe.login()) },
    { name: 'folder', needs: needing(...REACHED), run: () => done(probe.folder()) },
    { name: 'data', needs: needing(...REACHED), run: () => done(way.readStatus()) },
    { name: 'versions', needs: needing(...REACHED, 'data'), run: () => way.versions() },
    {
      name: 'schema',
      needs: needing('database', ...REACHED, 'data', 'versions'),
      run: async () => schema(parts, settings, await fingerprints(runtime, way.status)),
    },
    { name: 'clock', needs: needing(...REACHED, 'data', 'versions'), run: () => way.clock() },
  ];
  return { checks, close: () => probe.close() };
}

const REACHED: readonly CheckName[] = ['resolution', 'port', 'certificate', 'login'];

/** What was learnt on the way. */
class WayToHub {
  readonly #parts: Parts;
  readonly #probe: HubProbe;
  #text = '';
  #status: HubStatus | null = null;
  /** Hub time minus the time here, milliseconds. */
  #offset = 0;

  constructor(parts: Parts, probe: HubProbe) {
    this.#parts = parts;
    this.#probe = probe;
  }

  get status(): HubStatus {
    if (this.#status === null) throw new Error('the status is read before it is used');
    return this.#status;
  }

  async readStatus(): Promise<void> {
    const { clock } = this.#parts;
    const asked = clock.now();
    this.#text = await this.#probe.readStatus();
    this.#offset = (asked + clock.now()) / 2;
  }

  /** Other versions of the program work together as long as they speak one protocol. */
  async versions(): Promise<Finding> {
    const status = parseStatus(this.#text);
    this.#status = status;
    this.#offset = status.time - this.#offset;
    // Who only tests in the weeks before a certificate changes must hear of it too.
    if (status.nextFingerprint !== undefined) await this.#probe.announced(status.nextFingerprint);
    const versions = { hub: status.application, site: this.#parts.application };
    return found(versions.hub === versions.site ? 'ok' : 'warning', 'versions', versions);
  }

  clock(): Promise<Finding> {
    const seconds = Math.round(Math.abs(this.#offset) / 1000);
    const state = Math.abs(this.#offset) > CLOCK_TOLERANCE ? 'warning' : 'ok';
    return Promise.resolve(found(state, this.#offset > 0 ? 'clockBehind' : 'clockAhead', { count: seconds }));
  }
}

async function done(work: Promise<void>): Promise<null> {
  await work;
  return null;
}

async function resolution(probe: HubProbe): Promise<Finding> {
  return found('ok', 'addresses', { addresses: (await probe.resolve()).join(', ') });
}

async function certificate(probe: HubProbe, { site }: Settings): Promise<Finding | null> {
  if (site?.fingerprint === null) return found('warning', 'unencrypted');
  return done(probe.certificate());
}

/** The hub's tables, as its last round says; null before the first. */
async function fingerprints(runtime: SiteRuntime, { round }: HubStatus): Promise<Fingerprints | null> {
  if (round === 0) return null;
  const link = runtime.openLink();
  try {
    return (await link.manifest(round, AbortSignal.timeout(MANIFEST_LIMIT))).fingerprints;
  } finally {
    link.close();
  }
}

const MANIFEST_LIMIT = 30_000;

function schema(parts: Parts, settings: Settings, hub: Fingerprints | null): Promise<Finding> {
  if (hub !== null) return checkSchema(parts, settings, hub);
  return Promise.resolve(found('skipped', 'noRound'));
}
