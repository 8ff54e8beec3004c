import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BLOCK, encodeFrame, FRAME_CHECK, FRAME_HEAD, HEADER, PREAMBLE } from '../../src/batch/frame';
import type { Header } from '../../src/batch/header';
import { bundleSupport, programEnvironment } from '../support/own-process';

const mega = 1 << 20;

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bombs-'));
  program = await bundleSupport('read-batch', folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const header: Header = {
  ...{ format: 1, application: 'forged', kind: 'batch', origin: 1, number: 1, base: 0 },
  ...{ fingerprints: {}, clockOffset: 0 },
};

/** A frame, intact, that says of its content what it wants. */
function frame(kind: number, says: number, content: Buffer): Buffer {
  const stored = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } });
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(says, 1);
  head.writeUInt32LE(stored.length, 5);
  const bytes = Buffer.concat([head, stored]);
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest().subarray(0, FRAME_CHECK)]);
}

/** The peak of a reader that has nothing to do is some 55 MB; unbounded, these take gigabytes. */
const most = 150;

const bombs: Readonly<Record<string, () => Buffer[]>> = {
  'a header of gigabytes of objects': () => {
    const objects = `,"more":[${'[],'.repeat(20 * mega)}0]}`;
    const content = Buffer.from(JSON.stringify(header).slice(0, -1) + objects);
    return [frame(HEADER, content.length, content)];
  },
  'a block that says it has a kilobyte, and has half a gigabyte': () => [
    frame(BLOCK, 1000, Buffer.alloc(512 * mega)),
  ],
};

test.runIf(process.platform === 'linux').each(Object.entries(bombs))(
  'a decompression bomb takes bounded memory: %s',
  async (_, make) => {
    const file = join(folder, 'bomb');
    const first = await encodeFrame(HEADER, Buffer.from(JSON.stringify(header)));
    const frames = make();
    writeFileSync(
      file,
      Buffer.concat([PREAMBLE, ...(frames[0]?.readUInt8(0) === HEADER ? [] : [first]), ...frames]),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program, file], {
      env: programEnvironment(),
    });
    const { damaged, megabytes } = JSON.parse(stdout) as { damaged: boolean; megabytes: number };
    expect(damaged).toBe(true);
    expect(megabytes).toBeGreaterThan(20);
    expect(megabytes).toBeLessThan(most);
  },
);
