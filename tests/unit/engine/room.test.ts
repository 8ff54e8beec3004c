import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freeBytes } from '../../../src/transport/disk';

describe('free space, as the system tells it', () => {
  test('is a number of bytes, and is refused for a folder that is not there', async () => {
    const free = await freeBytes(tmpdir());
    expect(Number.isSafeInteger(free) && free > 0).toBe(true);
    await expect(freeBytes(join(tmpdir(), 'not', 'there'))).rejects.toThrow();
  });

  test.skipIf(process.getuid?.() !== 0)('goes down by what is written, on a disk of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'room-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
    // A container may forbid it even to root.
    if (mounted.status !== 0) {
      rmSync(folder, { recursive: true });
      return;
    }
    try {
      const before = await freeBytes(folder);
      writeFileSync(join(folder, 'file'), Buffer.alloc(1 << 20));
      expect([before, await freeBytes(folder)]).toEqual([4 << 20, 3 << 20]);
    } finally {
      spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
