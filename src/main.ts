import { version } from '../package.json';
import { openMssql } from './database/mssql/database';
import { openSqlite } from './database/sqlite/database';
import type { Database } from './database/port';
import type { HubCertificate, Parts } from './engine/parts';
import { DiskMailer } from './mail/mailer';
import { reportPdf } from './mail/report-pdf';
import { sendBySmtp } from './mail/smtp';
import { letterTexts } from './mail/texts';
import { systemClock } from './shared/clock';
import { SyncError } from './shared/errors';
import {
  loadOrCreateCertificate,
  renewCertificate,
  untilOf,
  type Certificate,
} from './transport/certificate';
import { freeBytes } from './transport/disk';
import { createHubServer } from './transport/hub/hub-server';
import { createFtpHubLink } from './transport/site/ftp-hub-link';
import { createHubProbe } from './transport/site/hub-probe';

/** The parts of the real product, put together. */
export const parts: Parts = {
  clock: systemClock,
  application: version,
  english: letterTexts.en,
  freeBytes,
  openDatabase,
  createServer: createHubServer,
  createLink: createFtpHubLink,
  createProbe: createHubProbe,
  createMailer: (options) =>
    new DiskMailer(options, { send: sendBySmtp, attach: reportPdf, texts: letterTexts }),
  certificate: async (folder) => told(await loadOrCreateCertificate(folder)),
  renewCertificate: async (folder, now) => {
    const { certificate, next, change } = await renewCertificate(folder, new Date(now));
    return { ...told(certificate), next: next && next.fingerprint256, change };
  },
};

function told({ key, cert, fingerprint256 }: Certificate): HubCertificate {
  const until = new Date(untilOf({ cert })).toISOString().slice(0, 10);
  return { key, cert, fingerprint: fingerprint256, until };
}

/** One line a kind of database: the scheme of the address decides. */
const databases: Readonly<Record<string, (address: string) => Promise<Database>>> = {
  sqlite: (address) => openSqlite(address.replace(/^sqlite:(\/\/)?/i, '')),
  mssql: openMssql,
};

function openDatabase(address: string): Promise<Database> {
  const scheme = /^([a-z]+):/i.exec(address)?.[1] ?? '';
  const open = databases[scheme.toLowerCase()];
  return open === undefined
    ? Promise.reject(
        new SyncError('database.unknownScheme', {
          params: { scheme, known: Object.keys(databases).join(', ') },
        }),
      )
    : open(address);
}
