import { join } from 'node:path';

/**
 * Names in the FTP tree and on the hub's disk: `000042.batch`, `000123.json`, `rounds/000123/`.
 * Everything that is written goes first to a part, named after its content's digest: a changed file
 * can never be resumed onto old bytes, and the hub can prove an upload before it gives the final name.
 */
export const statusFile = 'status.json';
export const requestFile = 'session.json';
export const waitingFile = 'waiting.json';
export const snapshotRequestFile = 'snapshot.json';
export const snapshotsFolderName = 'snapshots';
export const manifestFile = 'manifest.json';

/** What a site leaves at the hub, by folder. */
export type Inbox = 'batches' | 'acks' | 'questions';

/** Hexadecimal digits of the SHA-256 that a part's name holds. */
const digestLength = 16;

/** A hub of ours says by FEAT that it renames only what is what its name promised. Any other server must be read back. */
export const provingFeature = 'RNTO SHA-256';

export function numberName(number: number): string {
  return String(number).padStart(6, '0');
}

export function finalName(inbox: Inbox, number: number): string {
  return numberName(number) + (inbox === 'batches' ? '.batch' : '.json');
}

/** `sha256`: the content's whole digest, or at least its first 16 digits. */
export function partName(number: number, sha256: string): string {
  return `${numberName(number)}-${sha256.slice(0, digestLength)}.part`;
}

/** Whether a file of this digest is the one that a part's name promised. */
export function isPromised(partDigest: string, sha256: string): boolean {
  return sha256.slice(0, digestLength) === partDigest;
}

/** Number of a canonical name (`000042`, `1234567`), null for any other: two names never mean one file. */
export function parseNumber(digits: string): number | null {
  return /^(\d{6}|[1-9]\d{6,8})$/.test(digits) && Number(digits) > 0 ? Number(digits) : null;
}

/** Of a snapshot that follows a round (0: none): another content has another name. */
export const snapshotName = (round: number, sha256: string): string =>
  `${numberName(round)}-${sha256.slice(0, digestLength)}.snapshot`;

export const isSnapshotName = (name: string): boolean => /^\d{6,9}-[0-9a-f]{16}\.snapshot$/.test(name);

export function parseFinalName(inbox: Inbox, name: string): number | null {
  const [digits = '', extension] = name.split('.', 2);
  const number = parseNumber(digits);
  return number !== null && name === finalName(inbox, number) && extension !== undefined ? number : null;
}

/** What a batch that nobody could read is called from then on, for people to look at. */
export const asideName = (batch: number): string => `${numberName(batch)}.aside`;

export function parseAsideName(name: string): number | null {
  const number = parseNumber(name.split('.', 1)[0] ?? '');
  return number !== null && name === asideName(number) ? number : null;
}

export function parsePartName(name: string): { number: number; digest: string } | null {
  const match = /^(\d+)-([0-9a-f]{16})\.part$/.exec(name);
  const number = parseNumber(match?.[1] ?? '');
  return number === null ? null : { number, digest: match?.[2] ?? '' };
}

export const answerName = (question: number): string => `${numberName(question)}.answer`;

/** The question that a canonical name of an answer belongs to. */
export function parseAnswerName(name: string): number | null {
  const number = parseNumber(name.split('.', 1)[0] ?? '');
  return number !== null && name === answerName(number) ? number : null;
}

/** Where the hub lays its answers to a site. */
export const answersFolder = (sitesFolder: string, site: number): string =>
  join(sitesFolder, String(site), 'answers');

/** Where the hub keeps what a site sent. */
export function inboxFolder(sitesFolder: string, site: number, inbox: Inbox): string {
  return join(sitesFolder, String(site), inbox);
}

export function roundFolder(roundsFolder: string, round: number): string {
  return join(roundsFolder, numberName(round));
}
