import { version } from '../package.json';
import { openSqlite } from './database/sqlite/database';
import type { Database } from './database/port';
import type { Parts } from './engine/parts';
import { systemClock } from './shared/clock';
import { SyncError } from './shared/errors';
import { loadOrCreateCertificate } from './transport/certificate';
import { createHubServer } from './transport/hub/hub-server';
import { createFtpHubLink } from './transport/site/ftp-hub-link';
import { createHubProbe } from './transport/site/hub-probe';

/** The parts of the real product, put together. */
export const parts: Parts = {
  clock: systemClock,
  application: version,
  openDatabase,
  createServer: createHubServer,
  createLink: createFtpHubLink,
  createProbe: createHubProbe,
  certificate: async (folder) => {
    const { key, cert, fingerprint256 } = await loadOrCreateCertificate(folder);
    return { key, cert, fingerprint: fingerprint256 };
  },
};

/** One line a kind of database: the scheme of the address decides. */
const databases: Readonly<Record<string, (path: string) => Promise<Database>>> = {
  sqlite: openSqlite,
};

function openDatabase(address: string): Promise<Database> {
  const [, scheme = '', path = ''] = /^([a-z]+):(?:\/\/)?(.*)$/i.exec(address) ?? [];
  const open = databases[scheme.toLowerCase()];
  return open === undefined
    ? Promise.reject(
        new SyncError('database.unknownScheme', {
          params: { scheme, known: Object.keys(databases).join(', ') },
        }),
      )
    : open(path);
}
