import { z } from 'zod';
import type { Manifest, Segment } from '../batch/manifest';

const number = z.number().int().nonnegative();

/** All rows of the hub's database in one file, for a site that starts from nothing. */
export const snapshotSchema = z.object({
  /** The last round that is in it. */
  round: number,
  /** Bytes. */
  size: number,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** What the hub tells one site: the content of its `/status.json`. */
export const hubStatusSchema = z.object({
  /** Hub's clock, milliseconds since 1970, UTC. */
  time: number,
  application: z.string(),
  /** Version of batches, rounds and of the FTP tree; another one is refused. */
  protocol: z.literal(1),
  /** Whether a session is open, and until when it receives (hub's clock). */
  session: z.object({ deadline: number }).nullable(),
  /** Last published round; 0 for none. */
  round: number,
  /** The oldest round that can still be had; 0 for none. Hubs of older versions keep them all and do not say. */
  firstRound: number.optional(),
  /** The hub goes on from an old copy, and somebody there knows: the last round of the life that it lost. */
  restarted: number.optional(),
  /** Published rounds are gone from its folder, and somebody there has to decide: the last one that its database knows. */
  lost: number.optional(),
  /** Marks of the last rounds, as its database notes them (`round-marks.ts`). */
  roundMarks: z.string().optional(),
  /** Columns that add up, by table; left out by a hub of a version that knows none. */
  additive: z.record(z.string(), z.array(z.string())).optional(),
  /** Fingerprint of the certificate that the hub will show once its present one nears its end. */
  nextFingerprint: z.string().optional(),
  /** The last one that a site asked for and that can be fetched. */
  snapshot: snapshotSchema.nullable().optional(),
  site: z.object({
    number,
    name: z.string(),
    /** Last batch of this site that is merged in the hub's database; 0 for none. */
    merged: number,
    /** Batches of this site that lie complete at the hub. */
    received: z.array(number),
    /** Last round this site said it has applied. */
    acknowledged: number,
    /** The hub knows that this site has sent all it has and waits for a round. */
    waiting: z.boolean().optional(),
  }),
});
export type HubStatus = z.infer<typeof hubStatusSchema>;

/** What a site tells the hub once it has applied a round. */
export const acknowledgementSchema = z.object({ round: number, at: z.iso.datetime(), warnings: number });
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;

export interface TransferOptions {
  readonly signal: AbortSignal;
  /** Called as bytes pass: bytes of this file that are over so far, resumed ones included. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * A site's way to the hub. Every call opens its line when it needs one, retries nothing by itself,
 * and rejects with a SyncError (see `retryable`) or with the signal's reason.
 */
export interface HubLink {
  status(signal: AbortSignal): Promise<HubStatus>;
  /** Uploads a batch file; resumes a cut upload; sent already with the same bytes: does nothing. */
  sendBatch(batch: number, file: string, options: TransferOptions): Promise<void>;
  manifest(round: number, signal: AbortSignal): Promise<Manifest>;
  /** Whether a round is there. Opens no data line: to be asked often, where the status would cost the hub far more. */
  isPublished(round: number, signal: AbortSignal): Promise<boolean>;
  /** Downloads a segment to `file`, resuming what is there, and verifies its size and SHA-256. */
  fetchSegment(round: number, segment: Segment, file: string, options: TransferOptions): Promise<void>;
  /** Asks the hub for a snapshot; its status tells once there is one. */
  requestSnapshot(signal: AbortSignal): Promise<void>;
  /** Downloads it to `file`, resuming what is there, and verifies its size and SHA-256. Rejects with `hub.snapshotGone`. */
  fetchSnapshot(snapshot: Snapshot, file: string, options: TransferOptions): Promise<void>;
  /** Asks the hub to open a session outside its schedule. */
  requestSession(signal: AbortSignal): Promise<void>;
  /** Tells the hub that this site has sent all it has, and waits for a round; so does `requestSession`. */
  tellWaiting(signal: AbortSignal): Promise<void>;
  acknowledge(acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void>;
  /** Leaves a question for the hub's engine, which answers it under the same number. */
  ask(number: number, question: string, signal: AbortSignal): Promise<void>;
  /** Downloads the answer to a question to `file`, and takes it away from the hub; false while there is none. */
  fetchAnswer(number: number, file: string, options: TransferOptions): Promise<boolean>;
  /** Ends the line at once; a later call opens a new one. */
  close(): void;
}

/**
 * The way to the hub, stage by stage: each counts on those before it, and rejects as a session would there.
 * `close` ends the stage under way.
 */
export interface HubProbe {
  /** Addresses of the hub's name; rejects with `hub.unknownHost` {host, reason}. */
  resolve(): Promise<readonly string[]>;
  /** As far as the greeting of the FTP server. */
  connect(): Promise<void>;
  /** Whether the certificate is the one that the pairing code promised; nothing where encryption is turned off. */
  certificate(): Promise<void>;
  login(): Promise<void>;
  /** Whether this site's folders are there. */
  folder(): Promise<void>;
  /** The content of `status.json`, over a passive data connection; to be read by `parseStatus`. */
  readStatus(): Promise<string>;
  /** The status says that the hub will show this certificate one day. */
  announced(fingerprint: string): Promise<void>;
  close(): void;
}

/** What a site keeps of what it learns on its line; each resolves once it is on the disk. */
export interface SiteMemory {
  /** The hub has taken the lasting secret: the pairing code has served. */
  secretTaken(): Promise<void>;
  /** The hub will show this certificate one day. */
  certificateAnnounced(fingerprint: string): Promise<void>;
  /** The hub shows the one that it had announced. */
  certificateRenewed(fingerprint: string): Promise<void>;
}

/** One site as the hub's FTP server knows it. */
export interface SiteAccount {
  readonly number: number;
  readonly name: string;
  /** FTP login. */
  readonly user: string;
  /** As `hashSecret` gives it, or as an older version did; null while its code has not been used. */
  readonly secretHash: string | null;
  /** The secret of its last pairing code, which opens the hub only to leave a lasting one. */
  readonly code?: SiteCode | null;
}

export interface SiteCode {
  /** As `hashSecret` gives it. */
  readonly hash: string;
  /**
   * `open`: it can be used, and used again until the site has logged in with the lasting secret it left, so that a line
   * cut in between locks nobody out. `used`: it was. `expired`: nobody used it in time.
   */
  readonly state: 'open' | 'used' | 'expired';
}

/** What the hub keeps of sites' secrets; each resolves once it is on the disk. */
export interface SiteSecrets {
  /** A site that comes with its code leaves a lasting secret, as `hashSecret` gives it. False where the code is used. */
  left(account: SiteAccount, secretHash: string): Promise<boolean>;
  /** A site has logged in with what it left: its code is used. False where another secret was left meanwhile. */
  proven(account: SiteAccount): Promise<boolean>;
  /** The same secret as an older version hashed, once the site has logged in with it. */
  rehashed(account: SiteAccount, secretHash: string): Promise<void>;
  /** Someone came with a code that was used before, or too late. */
  refused(account: SiteAccount, state: 'used' | 'expired'): void;
}

export interface BlockedAddress {
  readonly address: string;
  readonly attempts: number;
  /** Names that were tried, the last ones first. */
  readonly users: readonly string[];
  /** Milliseconds since 1970, UTC. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Null: until someone clears it. */
  readonly until: number | null;
}

export type HubServerState =
  | { readonly active: true; readonly port: number }
  /** `reason`: key of a text under `ftp.`; null when it was never started or was stopped on purpose. */
  | { readonly active: false; readonly reason: string | null };

/** What reached the hub's tree, complete and under its final name. */
export type StoredFile =
  | { readonly kind: 'batch'; readonly site: number; readonly batch: number }
  | { readonly kind: 'acknowledgement'; readonly site: number; readonly round: number }
  | { readonly kind: 'question'; readonly site: number; readonly question: number }
  | { readonly kind: 'request' | 'waiting' | 'snapshotRequest'; readonly site: number };

export interface HubServerEvents {
  /** A site that has logged in says something. */
  readonly heard: (site: number) => void;
  readonly stored: (file: StoredFile) => void;
  readonly stateChanged: (state: HubServerState) => void;
  readonly blockedChanged: () => void;
  /** A site's upload under way. */
  readonly receiving: (transfer: { site: number; file: string; bytes: number }) => void;
}

/** The hub's FTP server. */
export interface HubServer {
  readonly state: HubServerState;
  /** Rejects with `ftp.portTaken`, `ftp.portRefused`… when it cannot listen. */
  start(): Promise<void>;
  /** Ends every connection and listens no more. */
  stop(): Promise<void>;
  /** Ends the connections of one site at once. */
  disconnect(site: number): void;
  blocked(): readonly BlockedAddress[];
  unblock(address: string): Promise<void>;
  clearBlocked(): Promise<void>;
}
