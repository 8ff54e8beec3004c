import { dirname } from 'node:path';
import type { DataFolder } from '../config/data-folder';
import type { Settings } from '../config/settings';
import type { StepHandle } from '../session/session';
import { SyncError, type MessageParams } from '../shared/errors';
import type { Parts } from './parts';

const MEGABYTE = 1_000_000;

/** With less no session begins. A hub refuses uploads from about there on: its database must still be able to grow. */
export const NEEDED_BYTES = 500 * MEGABYTE;
/** With less the user is told while there is time, bytes. */
export const LOW_BYTES = 2_000 * MEGABYTE;

/** Folders on whose disks a session writes: the data folder, and where the database is a file, that one's. */
export function placesOf(
  paths: Pick<DataFolder, 'folder'>,
  { database }: Pick<Settings, 'database'>,
): string[] {
  const file = /^sqlite:(?:\/\/)?(.*)$/.exec(database)?.[1];
  return [...new Set([paths.folder, ...(file === undefined ? [] : [dirname(file)])])];
}

export interface Room {
  /** The folder whose disk has the least room, and how much. */
  readonly folder: string;
  readonly free: number;
  readonly state: 'enough' | 'low' | 'tooLittle';
}

/** The least room of these places. Where a system does not tell, or a folder is not there, others say what is wrong. */
export async function roomIn(
  { freeBytes }: Pick<Parts, 'freeBytes'>,
  folders: readonly string[],
): Promise<Room | null> {
  const rooms: Room[] = [];
  for (const folder of folders) {
    const free = await freeBytes(folder).catch(() => null);
    if (free !== null) rooms.push({ folder, free, state: stateOf(free) });
  }
  return rooms.sort((a, b) => a.free - b.free)[0] ?? null;
}

const stateOf = (free: number): Room['state'] =>
  free < NEEDED_BYTES ? 'tooLittle' : free < LOW_BYTES ? 'low' : 'enough';

/** {folder, megabytes: free, needed: megabytes}. */
export const roomParams = ({ folder, free }: Room): MessageParams => ({
  folder,
  megabytes: Math.floor(free / MEGABYTE),
  needed: NEEDED_BYTES / MEGABYTE,
});

/** Before anything moves. Rejects with `disk.tooLittle`; warns where room gets low. */
export async function checkRoom(
  parts: Pick<Parts, 'freeBytes'>,
  folders: readonly string[],
  handle: Pick<StepHandle, 'warn'>,
): Promise<void> {
  const room = await roomIn(parts, folders);
  if (room === null) return;
  if (room.state === 'tooLittle') throw new SyncError('disk.tooLittle', { params: roomParams(room) });
  if (room.state === 'low') handle.warn('session.diskLow', roomParams(room));
}
