import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { attachToService, type EngineLink } from '../../app/main/engine-links';
import { SILENT_EVENTS } from '../../src/engine/silent-events';
import { dataFolder } from '../../src/config/data-folder';
import { decodePairing, encodePairing } from '../../src/transport/pairing';
import { openBusiness } from './business';
import type { CommandLine, Running } from './command-line';
import { openLine, type CuttableLine } from './cuttable-line';
import type { MovedClock } from './moved-clock';
import { freeHubPorts } from './ports';

export const SCHEMA = 'CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, photo BLOB)';
const PLACES = ['siege', 'lyon'] as const;
export type PlaceName = (typeof PLACES)[number];

/** A siège and a serveur, set up as README says under "Install", with the line between them in the test's hand. */
export class TwoPlaces {
  #engines: readonly { readonly run: Running; readonly link: EngineLink }[] = [];

  private constructor(
    readonly commandLine: CommandLine,
    readonly clock: MovedClock,
    readonly line: CuttableLine,
  ) {}

  static async setUp(
    commandLine: CommandLine,
    clock: MovedClock,
    settings: Readonly<Record<string, string>>,
  ): Promise<TwoPlaces> {
    const { port, passive } = await freeHubPorts();
    const places = new TwoPlaces(commandLine, clock, await openLine('127.0.0.1', port));
    const hub = {
      'hub.passivePorts.from': String(passive.from),
      'hub.passivePorts.to': String(passive.to),
    };
    const init = ['--role', 'hub', '--port', String(port), '--address', '127.0.0.1'];
    await Promise.all([
      places.#install('siege', init, { ...hub, ...settings }),
      places.#install('lyon', ['--role', 'site'], settings),
    ]);
    const code = await places.synchro('siege', 'sites', 'add', 'Lyon');
    // The establishment's way to the head office is the line, as it would be the port of a router.
    await places.synchro('lyon', 'pair', encodePairing({ ...decodePairing(code), port: places.line.port }));
    return places;
  }

  /** Runs a command that must succeed, and gives what it says. */
  async synchro(place: PlaceName, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.commandLine.run(...args, '--data', this.#data(place));
    if (code !== 0) throw new Error(`${args.join(' ')} at ${place} ended with ${String(code)}: ${stderr}`);
    return stdout.trim();
  }

  async start(): Promise<void> {
    this.#engines = await Promise.all(
      PLACES.map(async (place) => {
        const run = this.commandLine.start('run', '--json', '--data', this.#data(place));
        return { run, link: await this.#attach(place, run) };
      }),
    );
  }

  /** Moves the clock, and has everyone look at it: a wait that has become shorter wakes nobody by itself. */
  async moveTo(instant: string): Promise<void> {
    this.clock.moveTo(instant);
    await Promise.all(this.#engines.map(({ link }) => link.rpc.overview()));
  }

  at(place: PlaceName, statement: string): void {
    const business = openBusiness(this.#database(place));
    business.run(statement);
    business.close();
  }

  rows(place: PlaceName): string[] {
    const business = openBusiness(this.#database(place));
    const rows = business.rows('member', ['id', 'name', 'photo']);
    business.close();
    return rows;
  }

  /** Cuts the line for good as soon as a part of a batch of the establishment is at the hub, which has had one before. */
  async cutInUpload(): Promise<void> {
    const watcher = watch(join(dataFolder(this.#data('siege')).sites, '1', 'batches'));
    await new Promise<void>((resolve) =>
      watcher.on('change', (_, name) => {
        if (!String(name).endsWith('.part')) return;
        this.line.cut({ lasting: true });
        resolve();
      }),
    );
    watcher.close();
  }

  async end(): Promise<void> {
    for (const { run, link } of this.#engines) {
      await link.end(0);
      run.kill('SIGTERM');
      await run.ended;
    }
    await this.line.close();
  }

  async #install(
    place: PlaceName,
    init: readonly string[],
    settings: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.at(place, SCHEMA);
    await this.synchro(
      place,
      'init',
      '--name',
      place,
      '--database',
      `sqlite:${this.#database(place)}`,
      ...init,
    );
    await this.synchro(place, 'prepare');
    for (const [key, value] of Object.entries(settings)) await this.synchro(place, 'set', key, value);
  }

  async #attach(place: PlaceName, run: Running): Promise<EngineLink> {
    const ended = run.ended.then(({ stderr }) => {
      throw new Error(`the engine at ${place} has ended: ${stderr}`);
    });
    for (;;) {
      const link = await Promise.race([attachToService(this.#data(place), SILENT_EVENTS), ended]);
      if (link === null) continue;
      // From here on it knows which departures are behind it.
      const { schedule } = dataFolder(this.#data(place));
      while (!existsSync(schedule)) await Promise.race([link.rpc.overview(), ended]);
      return link;
    }
  }

  #data(place: PlaceName): string {
    return join(this.commandLine.folder, `${place} data`);
  }

  #database(place: PlaceName): string {
    return join(this.commandLine.folder, `${place}.db`);
  }
}
