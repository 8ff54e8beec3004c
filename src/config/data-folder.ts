import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { SyncError } from '../shared/errors';

/** All that an installation keeps on disk, but for the database itself. */
export interface DataFolder {
  readonly folder: string;
  readonly settings: string;
  /** Hub: certificate and key. */
  readonly tls: string;
  /** Hub: hashes of the secrets that sites have left. */
  readonly logins: string;
  /** Hub: a folder for each site, as its FTP tree shows it. */
  readonly sites: string;
  /** Hub: published rounds. */
  readonly rounds: string;
  /** Hub: snapshots that sites asked for. */
  readonly snapshots: string;
  /** Site: batches under way to the hub. */
  readonly outbox: string;
  /** Site: rounds under way from the hub. */
  readonly inbox: string;
  /** Site: what a comparison asks of the hub. */
  readonly compare: string;
  readonly reports: string;
  readonly progressLog: string;
  /** The newest log file; older ones beside it (`logFiles`). */
  readonly log: string;
  /** Why the engine's thread of a window ended by itself; older ones beside it (`logFiles`). */
  readonly crashLog: string;
  /** Hub: addresses that the FTP server refuses. */
  readonly blocked: string;
  /** The last departure that was held. */
  readonly schedule: string;
  /** E-mails to be sent, a file each. */
  readonly mailQueue: string;
  /** What was said already, so that it is not said again too soon. */
  readonly mailState: string;
  /** Certificates (PEM) trusted beside the system's, for a mail server with one of its own. */
  readonly mailAuthorities: string;
  readonly lock: string;
}

export function dataFolder(folder: string): DataFolder {
  return {
    folder,
    settings: join(folder, 'settings.json'),
    tls: join(folder, 'tls'),
    logins: join(folder, 'logins.json'),
    sites: join(folder, 'sites'),
    rounds: join(folder, 'rounds'),
    snapshots: join(folder, 'snapshots'),
    outbox: join(folder, 'outbox'),
    inbox: join(folder, 'inbox'),
    compare: join(folder, 'compare'),
    reports: join(folder, 'reports'),
    progressLog: join(folder, 'progress.log'),
    log: join(folder, 'logs', 'synchronisation.log'),
    crashLog: join(folder, 'crash.log'),
    blocked: join(folder, 'blocked.json'),
    schedule: join(folder, 'schedule.json'),
    mailQueue: join(folder, 'mail-queue'),
    mailState: join(folder, 'mail.json'),
    mailAuthorities: join(folder, 'mail-ca.pem'),
    lock: join(folder, 'lock.sqlite'),
  };
}

export interface DataLock {
  /** Does nothing the second time. */
  release(): void;
}

/**
 * Makes this process the only one to work in the folder, which is made if need be. Rejects with `data.locked` {folder}
 * where another does, `data.unusable` {folder, reason} where the folder does not allow it.
 */
export async function lockDataFolder(folder: string): Promise<DataLock> {
  try {
    await mkdir(folder, { recursive: true });
    return holdLock(dataFolder(folder).lock);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const name = basename(folder);
    if (/is locked/.test(reason))
      throw new SyncError('data.locked', { params: { folder: name }, cause: error, retryable: true });
    throw new SyncError('data.unusable', { params: { folder: name, reason }, cause: error });
  }
}

/**
 * The lock is SQLite's, on a small file of its own: the system releases it with the process, however that ends,
 * where a file that says 'locked' would stay behind.
 */
function holdLock(file: string): DataLock {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}
