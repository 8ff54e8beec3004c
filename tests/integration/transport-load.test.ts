import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Deadline } from '../../src/session/deadline';
import { retryUntil } from '../../src/session/session';
import { systemClock } from '../../src/shared/clock';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { randomFile, sha256 } from '../support/hub-folders';
import { startRemoteHub } from '../support/remote-hub';

const sites = 200;
/** Of each upload. `SYNCHRO_LOAD_BYTES=1048576` measures what the product promises, and takes its time. */
const measured = process.env['SYNCHRO_LOAD_BYTES'];
const bytes = Number(measured ?? 64 * 1024);

test.runIf(process.platform === 'linux')(
  'two hundred sites that upload at once over TLS are all served, their files intact, in bounded memory',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    try {
      const hub = await startRemoteHub(folder, { sites });
      const files = await Promise.all(
        Array.from({ length: sites }, async (_, at) => {
          const file = join(folder, String(at + 1));
          return { site: at + 1, file, digest: sha256(await randomFile(file, bytes)) };
        }),
      );
      const deadline = new Deadline(systemClock, 240_000);
      const started = performance.now();
      await Promise.all(
        files.map(async ({ site, file }) => {
          const link = createFtpHubLink({ ...hub.linkOptions(site), timeoutMilliseconds: 120_000 });
          // As a session does: a hub that has enough lines of one address for now is tried again.
          await retryUntil(deadline, { clock: systemClock, signal: new AbortController().signal }, () =>
            link.sendBatch(1, file, { signal: new AbortController().signal }),
          );
          link.close();
        }),
      );
      const seconds = (performance.now() - started) / 1000;
      const { peak, stored } = await hub.standing();
      if (measured !== undefined)
        console.log(
          `${String(sites)} uploads of ${String(bytes)} bytes: ${seconds.toFixed(1)} s, ${String(peak)} MB`,
        );
      expect(stored).toBe(sites);
      for (const { site, digest } of files)
        expect(sha256(readFileSync(join(hub.sites, String(site), 'batches', '000001.batch')))).toBe(digest);
      expect(peak).toBeLessThan(600);
      await hub.end();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  300_000,
);
