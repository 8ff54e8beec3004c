import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { FtpHubLinkOptions } from '../../src/transport/site/ftp-hub-link';
import { secretOf } from './ftp-hub';
import { bundleSupport, programEnvironment } from './own-process';

const placeSchema = z.object({
  port: z.number(),
  root: z.string(),
  sites: z.string(),
  rounds: z.string(),
  fingerprint: z.string(),
});

const standingSchema = z.object({
  /** Memory, megabytes. */
  now: z.number(),
  peak: z.number(),
  blocked: z.array(z.string()),
  /** Files that are complete. */
  stored: z.number(),
});

/** A hub's FTP server in a process of its own: some races do not show inside one, and its memory is its own. */
export interface RemoteHub extends z.infer<typeof placeSchema> {
  readonly pid: number;
  standing(): Promise<z.infer<typeof standingSchema>>;
  linkOptions(site: number): FtpHubLinkOptions;
  /** Rejects where it has not ended as it should. */
  end(): Promise<void>;
}

export interface RemoteHubOptions {
  readonly sites?: number;
  /** What starts it, before its own words. */
  readonly launch?: readonly string[];
  /** Where it keeps all it has; by default in the folder for temporary files. */
  readonly disk?: string;
  /** Free bytes that it is told of; by default those that there are. */
  readonly free?: number;
}

/** `folder`: where its program is put. */
export async function startRemoteHub(
  folder: string,
  { sites = 2, launch = [], disk = tmpdir(), free }: RemoteHubOptions = {},
): Promise<RemoteHub> {
  const program = await bundleSupport('hub-process', folder);
  const words = [...launch, process.execPath, program, String(sites)];
  if (free !== undefined) words.push(String(free));
  const [command = '', ...rest] = words;
  const child = spawn(command, rest, {
    env: { ...programEnvironment(), TMPDIR: disk },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the hub has ended');
    return JSON.parse(line.value);
  };
  const place = placeSchema.parse(await next());
  return {
    ...place,
    pid: child.pid ?? 0,
    standing: async () => {
      child.stdin.write('\n');
      return standingSchema.parse(await next());
    },
    linkOptions: (site) => ({
      ...{ host: '127.0.0.1', port: place.port, user: `site${site}`, secret: secretOf(site) },
      fingerprint: place.fingerprint,
    }),
    end: async () => {
      child.stdin.end();
      const [code] = (await closed) as [number | null];
      if (code !== 0) throw new Error(`the hub ended with ${String(code)}`);
    },
  };
}
