import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { randomFile, sha256 } from '../support/hub-folders';
import { startRemoteHub } from '../support/remote-hub';

const never = new AbortController().signal;

const sites = 200;
/** Of each upload. `SYNCHRO_LOAD_BYTES=1048576` measures what the product promises, and takes its time. */
const bytes = Number(process.env['SYNCHRO_LOAD_BYTES'] ?? 64 * 1024);

test.runIf(process.platform === 'linux')(
  'two hundred sites that upload at once over TLS are all served, their files intact, in bounded memory',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    try {
      const hub = await startRemoteHub(folder, {}, sites);
      const files = await Promise.all(
        Array.from({ length: sites }, async (_, at) => {
          const file = join(folder, String(at + 1));
          return { site: at + 1, file, digest: sha256(await randomFile(file, bytes)) };
        }),
      );
      const started = performance.now();
      await Promise.all(
        files.map(async ({ site, file }) => {
          const link = createFtpHubLink({ ...hub.linkOptions(site), timeoutMilliseconds: 120_000 });
          await link.sendBatch(1, file, { signal: never });
          link.close();
        }),
      );
      const seconds = (performance.now() - started) / 1000;
      const { peak, stored } = await hub.standing();
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
