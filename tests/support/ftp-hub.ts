import { join } from 'node:path';
import { Client } from 'basic-ftp';
import { hashSecret } from '../../src/transport/secrets';
import { loadOrCreateCertificate, type Certificate } from '../../src/transport/certificate';
import { createHubServer } from '../../src/transport/hub/hub-server';
import type { HubServerOptions } from '../../src/transport/hub/hub-server-options';
import type { HubServer, SiteAccount, StoredFile } from '../../src/transport/port';
import type { FtpHubLinkOptions } from '../../src/transport/site/ftp-hub-link';
import { makeHubFolders, statusOf, type HubFolders } from './hub-folders';

export interface RunningHub {
  readonly server: HubServer;
  readonly folders: HubFolders;
  readonly certificate: Certificate;
  readonly stored: StoredFile[];
  readonly port: number;
  /** What the link of this site needs. */
  linkOptions(site: number): FtpHubLinkOptions;
  readonly end: () => Promise<void>;
}

export const secretOf = (site: number): string => `secret of site ${site}`;

function makeAccounts(sites: number): SiteAccount[] {
  return Array.from({ length: sites }, (_, at) => ({
    number: at + 1,
    name: `Site ${at + 1}`,
    user: `site${at + 1}`,
    secretHash: hashSecret(secretOf(at + 1)),
  }));
}

/** A hub with real sockets on a free loopback port, and its sites. */
export async function startHub(changes: Partial<HubServerOptions> = {}, sites = 2): Promise<RunningHub> {
  const folders = await makeHubFolders();
  const certificate = await loadOrCreateCertificate(join(folders.root, 'certificate'));
  const known = makeAccounts(sites);
  const stored: StoredFile[] = [];
  const server = createHubServer({
    port: 0,
    host: '127.0.0.1',
    tls: certificate,
    passivePorts: { from: 0, to: 0 },
    sitesFolder: folders.sites,
    roundsFolder: folders.rounds,
    blockedFile: join(folders.root, 'blocked.json'),
    accounts: () => Promise.resolve(known),
    status: statusOf,
    tarpitMilliseconds: 1,
    ...changes,
    events: { ...changes.events, stored: (file) => stored.push(file) },
  });
  await server.start();
  const port = server.state.active ? server.state.port : 0;
  return {
    server,
    folders,
    certificate,
    stored,
    port,
    linkOptions: (site) => ({
      host: '127.0.0.1',
      port,
      user: `site${site}`,
      secret: secretOf(site),
      fingerprint: certificate.fingerprint256,
    }),
    end: async () => {
      await server.stop();
      await folders.remove();
    },
  };
}

/** A line of basic-ftp that is logged in as a site, for what a site's own link never does. */
export async function clientOf(hub: RunningHub, site: number): Promise<Client> {
  const client = new Client(5000);
  await client.access({
    ...{ host: '127.0.0.1', port: hub.port, user: `site${site}`, password: secretOf(site) },
    ...{ secure: true, secureOptions: { rejectUnauthorized: false } },
  });
  return client;
}
