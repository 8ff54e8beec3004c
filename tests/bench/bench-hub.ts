import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { FtpHubLinkOptions } from '../../src/transport/site/ftp-hub-link';
import { secretOf } from '../support/ftp-hub';

const placeSchema = z.object({
  port: z.number(),
  rounds: z.string(),
  sites: z.string(),
  fingerprint: z.string(),
});

/** A hub's FTP server in a process of its own, with Node's options of this one. */
export async function startBenchHub(programs: string) {
  const child = spawn(process.execPath, [...process.execArgv, join(programs, 'hub-process.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const place = placeSchema.parse(JSON.parse(line));
  return {
    ...place,
    linkOptions: (site: number): FtpHubLinkOptions => ({
      ...{ host: '127.0.0.1', port: place.port, user: `site${site}`, secret: secretOf(site) },
      fingerprint: place.fingerprint,
    }),
    end: async (): Promise<void> => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
