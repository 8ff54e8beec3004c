import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DataFolder } from '../config/data-folder';
import type { Settings } from '../config/settings';
import { systemCode } from '../shared/disk-error';
import { SyncError } from '../shared/errors';
import { found, type Check, type Finding } from './checks';
import type { Parts } from './parts';
import { placesOf, roomIn, roomParams } from './room';

export interface DataCheckOptions {
  readonly parts: Parts;
  readonly paths: DataFolder;
  readonly served: boolean;
  /** Or why there are none. */
  readonly settings: Settings | SyncError;
}

/** The data folder, and whether somebody works with it. */
export function dataChecks({ parts, paths, served, settings }: DataCheckOptions): readonly Check[] {
  return [
    {
      name: 'settings',
      needs: [],
      run: () => (settings instanceof SyncError ? Promise.reject(settings) : Promise.resolve(null)),
    },
    { name: 'rights', needs: [], run: () => checkRights(paths) },
    {
      name: 'engine',
      needs: [],
      run: () => Promise.resolve(served ? found('ok', 'engineRuns') : found('warning', 'engineStopped')),
    },
    {
      name: 'disk',
      needs: [],
      run: () => checkDisk(parts, settings instanceof SyncError ? [paths.folder] : placesOf(paths, settings)),
    },
  ];
}

/** The folder can be written, and what holds secrets is its owner's alone. */
async function checkRights({ folder, settings }: DataFolder): Promise<Finding | null> {
  await access(folder, constants.W_OK).catch((error: unknown) => {
    const params = { folder: basename(folder), reason: systemCode(error) };
    throw new SyncError('data.unusable', { params, cause: error });
  });
  // Windows has no such marks: there the folder is the account's own.
  if (process.platform === 'win32') return null;
  const mode = await stat(settings).then(
    (stats) => stats.mode & 0o777,
    () => 0,
  );
  return (mode & 0o077) === 0 ? null : found('warning', 'settingsReadable', { mode: mode.toString(8) });
}

async function checkDisk(parts: Parts, folders: readonly string[]): Promise<Finding | null> {
  const room = await roomIn(parts, folders);
  if (room === null) return null;
  if (room.state === 'tooLittle') throw new SyncError('disk.tooLittle', { params: roomParams(room) });
  return room.state === 'low'
    ? found('warning', 'diskLow', roomParams(room))
    : found('ok', 'diskFree', roomParams(room));
}
