import { spawnSync } from 'node:child_process';

/** A program that sees a disk of its own, of so many megabytes, at `folder`: what is written there is really full one day. */
export const onSmallDisk = (folder: string, megabytes: number): readonly string[] => [
  ...['unshare', '-rm', 'sh', '-c', `mount -t tmpfs -o size=${megabytes}m none "$0" && exec "$@"`, folder],
];

/** Whether this system lets its users mount what they alone see. */
export const canMountDisks =
  process.platform === 'linux' &&
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** Where another process that one has started sees this path, on disks of its own too. */
export const asSeenBy = (pid: number, path: string): string => `/proc/${pid}/root${path}`;
