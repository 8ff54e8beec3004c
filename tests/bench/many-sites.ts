import { setMaxListeners } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BLOCK_CHANGES } from '../../src/batch/block';
import { createBatchWriter } from '../../src/batch/writer';
import { dataFolder } from '../../src/config/data-folder';
import { loadSettings, saveSettings } from '../../src/config/settings';
import { openSqlite } from '../../src/database/sqlite/database';
import { schemasOf } from '../../src/merge/schema-differences';
import { Deadline } from '../../src/session/deadline';
import { retryUntil } from '../../src/session/session';
import { systemClock } from '../../src/shared/clock';
import { loadOrCreateCertificate } from '../../src/transport/certificate';
import { hashSecret } from '../../src/transport/secrets';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { count, pairOf, time, type Bench, type Context } from './bench';
import { blocksOf, memberRows } from './member-rows';
import { MEMBER, makeDatabase } from './member-table';
import { benchProgram, reportSchema, stepTimes } from './sessions';
import { Installations } from '../support/installations';

const SITES = 200;
const RATIO = 1.3;
/** Megabytes. */
const MEMORY = 400;
/** How often a site looks whether its round is there, milliseconds. */
const LOOK = 1000;
/** As many as an installation has unless told otherwise. */
const PORTS = { from: 30_000, to: 30_099 };
const SECRET = 'secret of every site';

interface Night {
  /** Seconds from the start of the hub's process until its round is published. */
  readonly taken: number;
  /** Megabytes. */
  readonly peak: number;
}

/** A night's changes from many sites, at the real hub, beside as many from one. The sites only send. */
export const manySites: Bench = {
  name: 'many-sites',
  isLong: true,
  measure: async (context) => {
    const nights: { one: Night; many: Night }[] = [];
    for (let run = 0; run < context.runs; run += 1)
      nights.push({ one: await night(context, 1), many: await night(context, SITES) });
    const { floor, measured, ratio } = pairOf(
      nights.map(({ one, many }) => ({ floor: one.taken, measured: many.taken })),
    );
    const peak = Math.max(...nights.map(({ many }) => many.peak));
    const each = count(context.rows / SITES);
    return [
      {
        what: `hub: ${SITES} sites of ${each} changes each, until the round is published`,
        measured: `${time(measured)}, ${peak} MB`,
        floor: `one site of ${count(context.rows)} changes: ${time(floor)}`,
        ratio,
        goal: `at most ${RATIO}, under ${MEMORY} MB`,
        met: ratio <= RATIO && peak < MEMORY,
      },
    ];
  },
};

async function night({ folder, programs, rows }: Context, sites: number): Promise<Night> {
  const peaks = join(folder, 'peaks');
  const program = benchProgram(programs, peaks);
  try {
    const company = await Installations.open(program, 'company', {
      schema: MEMBER,
      sites: [],
      settings: { receptionLimit: '60', acknowledgementLimit: '0.01' },
    });
    const { data } = company.post('hub');
    const files = await makeBatches(join(program.folder, 'batches'), sites, rows);
    const { port, fingerprint } = await addSites(data, sites);
    rmSync(peaks, { force: true });
    const started = Date.now();
    const over = new AbortController();
    setMaxListeners(0, over.signal);
    const hub = company.run('hub', 'sync', '--json');
    const sending = sendAll(files, over.signal, (site) => ({
      ...{ host: '127.0.0.1', port, fingerprint, secret: SECRET, user: userOf(site) },
    }));
    // A site that fails ends the measuring; else the hub's end is theirs.
    const { stdout } = await Promise.race([hub, sending]);
    over.abort();
    await sending.catch(() => undefined);
    company.close();
    return { taken: (publishedAt(stdout) - started) / 1000, peak: parseInt(readFileSync(peaks, 'utf8'), 10) };
  } finally {
    await program.end();
  }
}

const userOf = (site: number): string => `site${site}`;

/** One file a site, its rows its own; by site, from the first. */
async function makeBatches(folder: string, sites: number, rows: number): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const scratch = join(folder, 'scratch.db');
  makeDatabase(scratch).close();
  const database = await openSqlite(scratch);
  const { tables } = await database.catalogue();
  await database.close();
  const all = memberRows(rows);
  const files: string[] = [];
  for (let origin = 1; origin <= sites; origin += 1) {
    const file = join(folder, `${origin}.batch`);
    const writer = createBatchWriter(file, {
      ...{ format: 1, application: 'bench', kind: 'batch', number: 1, base: 0, clockOffset: 0 },
      origin,
      ...schemasOf(tables),
    });
    for (let left = rows / sites; left > 0; left -= BLOCK_CHANGES)
      for (const block of blocksOf(take(all, Math.min(BLOCK_CHANGES, left)))) await writer.write(block);
    await writer.finish();
    files.push(file);
  }
  return files;
}

function take<T>(all: Iterator<T>, most: number): T[] {
  const taken: T[] = [];
  for (let next = all.next(); next.done !== true; next = all.next()) {
    taken.push(next.value);
    if (taken.length === most) break;
  }
  return taken;
}

async function addSites(data: string, sites: number): Promise<{ port: number; fingerprint: string }> {
  const settings = await loadSettings(data);
  if (settings.hub === null) throw new Error('No hub');
  const secretHash = hashSecret(SECRET);
  const added = Array.from({ length: sites }, (_, at) => ({
    ...{ number: at + 1, name: `Site ${at + 1}`, user: userOf(at + 1) },
    ...{ secretHash, code: null, active: true },
  }));
  await saveSettings(data, { ...settings, hub: { ...settings.hub, passivePorts: PORTS, sites: added } });
  const { fingerprint256 } = await loadOrCreateCertificate(dataFolder(data).tls);
  return { port: settings.hub.port, fingerprint: fingerprint256 };
}

/** Each as its session would, until the signal aborts: it looks, sends, says that it waits, and looks again. */
async function sendAll(
  files: readonly string[],
  signal: AbortSignal,
  linkOf: (site: number) => Parameters<typeof createFtpHubLink>[0],
): Promise<never> {
  const deadline = new Deadline(systemClock, 600_000);
  const send = async (file: string, at: number): Promise<never> => {
    const link = createFtpHubLink(linkOf(at + 1));
    // A hub that is not up yet, or has lines enough for now, is tried again.
    const tried = <T>(work: () => Promise<T>): Promise<T> =>
      retryUntil(deadline, { clock: systemClock, signal }, work);
    try {
      await tried(() => link.status(signal));
      await tried(() => link.sendBatch(1, file, { signal }));
      await tried(() => link.tellWaiting(signal));
      for (;;) {
        await systemClock.delay(LOOK, signal);
        await tried(() => link.isPublished(1, signal));
      }
    } finally {
      link.close();
    }
  };
  return Promise.race(files.map(send));
}

function publishedAt(stdout: string): number {
  const { steps } = reportSchema.parse(JSON.parse(stdout));
  console.error(stepTimes(steps));
  const at = steps.find(({ name }) => name === 'publish')?.endedAt;
  if (at == null) throw new Error(`Nothing published: ${stdout}`);
  return Date.parse(at);
}
