import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Block } from '../../../src/batch/block';
import { encodeBlock } from '../../../src/batch/block-codec';
import { digestFile } from '../../../src/batch/digest';
import {
  BLOCK,
  encodeFrame,
  FRAME_CHECK,
  FRAME_HEAD,
  HEADER,
  parseHead,
  PREAMBLE,
  TRAILER,
} from '../../../src/batch/frame';
import type { FileSummary, Header } from '../../../src/batch/header';
import { openBatch } from '../../../src/batch/reader';
import { createBatchWriter } from '../../../src/batch/writer';
import { anyBlock, header, plainBlock } from './samples';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batch-'));
  file = join(folder, '000042.batch');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(blocks: readonly Block[]): Promise<FileSummary> {
  const writer = createBatchWriter(file, header);
  for (const block of blocks) await writer.write(block);
  return writer.finish();
}

async function read(): Promise<Block[]> {
  const reader = await openBatch(file);
  try {
    const blocks: Block[] = [];
    for await (const block of reader.blocks()) blocks.push(block);
    return blocks;
  } finally {
    await reader.close();
  }
}

/** Writes these frames as a file of their own, each intact. */
async function forge(...frames: [kind: number, content: object][]): Promise<void> {
  const parts = await Promise.all(
    frames.map(([kind, content]) => encodeFrame(kind, Buffer.from(JSON.stringify(content)))),
  );
  await writeFile(file, Buffer.concat([PREAMBLE, ...parts]));
}

/** The frames of a file, in their order. */
function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = PREAMBLE.length; at < bytes.length; at += frames.at(-1)?.length ?? 1) {
    const { storedLength } = parseHead(bytes.subarray(at, at + FRAME_HEAD));
    frames.push(bytes.subarray(at, at + FRAME_HEAD + storedLength + FRAME_CHECK));
  }
  return frames;
}

describe('a batch file', () => {
  test('gives back its header, blocks and trailer', async () => {
    const blocks = [plainBlock('client', 5), plainBlock('commande', 3), plainBlock('client', 2)];
    const summary = await write(blocks);
    const reader = await openBatch(file);
    expect(reader.header).toStrictEqual(header);
    expect(reader.trailer).toBeNull();
    const seen: Block[] = [];
    for await (const block of reader.blocks()) seen.push(block);
    expect(seen).toStrictEqual(blocks);
    expect(reader.trailer).toStrictEqual({ changes: 10, tables: { client: 7, commande: 3 } });
    await reader.close();
    expect(summary).toMatchObject({ changes: 10, tables: { client: 7, commande: 3 } });
  });

  test('is summed up as it is on the disk', async () => {
    const { size, sha256 } = await write([plainBlock('client', 1000)]);
    const bytes = await readFile(file);
    expect(size).toBe(bytes.length);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(await digestFile(file)).toStrictEqual({ size, sha256 });
  });

  test('of the same blocks has the same bytes', async () => {
    const first = await write([plainBlock('client', 100)]);
    expect(await write([plainBlock('client', 100)])).toStrictEqual(first);
  });

  test('can be empty, and read twice', async () => {
    await write([]);
    const reader = await openBatch(file);
    for (let time = 0; time < 2; time++)
      for await (const block of reader.blocks()) expect.unreachable(block.table);
    expect(reader.trailer).toStrictEqual({ changes: 0, tables: {} });
    await reader.close();
  });

  test('round-trips any blocks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyBlock, { maxLength: 4 }), async (blocks) => {
        await write(blocks);
        expect(await read()).toStrictEqual(blocks.filter((block) => block.changes.length > 0));
      }),
      { numRuns: 60 },
    );
  });

  test('with any byte changed is refused', async () => {
    await write([plainBlock('client', 30), plainBlock('commande', 4)]);
    const bytes = await readFile(file);
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong.writeUInt8(wrong.readUInt8(at) ^ (1 << (at % 8)), at);
      await writeFile(file, wrong);
      await expect(read(), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^batch\.(corrupt|truncated)$/) as string,
        params: { file: '000042.batch' },
      });
    }
  });

  test('cut anywhere is refused', async () => {
    await write([plainBlock('client', 30)]);
    const bytes = await readFile(file);
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(file, bytes.subarray(0, length));
      await expect(read(), `${length} bytes`).rejects.toMatchObject({ code: 'batch.truncated' });
    }
  });

  test('whose blocks stand in another order is refused, each of them intact', async () => {
    await write([plainBlock('client', 3), plainBlock('client', 5)]);
    const frames = framesOf(await readFile(file));
    expect(frames).toHaveLength(4);
    frames.splice(1, 2, ...frames.slice(1, 3).reverse());
    await writeFile(file, Buffer.concat([PREAMBLE, ...frames]));
    await expect(read()).rejects.toMatchObject({ code: 'batch.corrupt' });
  });

  test('with something after its end is refused', async () => {
    await write([plainBlock('client', 3)]);
    await writeFile(file, Buffer.concat([await readFile(file), Buffer.from([0])]));
    await expect(read()).rejects.toMatchObject({ code: 'batch.corrupt' });
  });

  test('says what changes add only where its header announces it, for those who do not know that', async () => {
    const plain = plainBlock('client', 2);
    const sums: Block = {
      ...plain,
      additive: ['name'],
      changes: plain.changes.map((change, at) => ({ ...change, adds: [at === 0 ? -3n : null] })),
    };
    const refusing = createBatchWriter(file, header);
    await expect(refusing.write(sums)).rejects.toThrow('sums in a file of format 1');
    await refusing.abort();
    const writer = createBatchWriter(file, { ...header, format: 2 });
    await writer.write(sums);
    await writer.finish();
    expect(await read()).toStrictEqual([sums]);
    const frame = await encodeFrame(BLOCK, encodeBlock(sums).bytes, 0);
    const head = await encodeFrame(HEADER, Buffer.from(JSON.stringify(header)));
    await writeFile(file, Buffer.concat([PREAMBLE, head, frame]));
    await expect(read()).rejects.toMatchObject({ code: 'batch.corrupt' });
  });

  test('of another version is told apart', async () => {
    await forge([HEADER, { ...header, format: 3 }]);
    await expect(openBatch(file)).rejects.toMatchObject({ code: 'batch.version' });
    const bytes = await readFile(file);
    bytes.writeUInt8(2, PREAMBLE.length - 1);
    await writeFile(file, bytes);
    await expect(openBatch(file)).rejects.toMatchObject({ code: 'batch.version' });
  });

  test('that announces a frame larger than any is refused before it is allocated', async () => {
    const head = Buffer.alloc(9);
    head.writeUInt8(HEADER, 0);
    head.writeUInt32LE(10, 1);
    head.writeUInt32LE(0xffffffff, 5);
    await writeFile(file, Buffer.concat([PREAMBLE, head, Buffer.alloc(100)]));
    await expect(openBatch(file)).rejects.toMatchObject({ code: 'batch.corrupt' });
  });

  test('of more tables than a header may hold tells their fingerprints alone', async () => {
    const columns = Array.from({ length: 50 }, (_, at) => [`column ${String(at)}`, 'TEXT', 'text'] as const);
    const names = Array.from({ length: 3000 }, (_, at) => `table ${String(at)}`);
    const schemas = Object.fromEntries(
      names.map((name) => [name, { columns: columns.map((column) => [...column]), key: 1 }]),
    ) as NonNullable<Header['schemas']>;
    const fingerprints = Object.fromEntries(names.map((name) => [name, 'abc']));
    const writer = createBatchWriter(file, { ...header, fingerprints, schemas });
    await writer.finish();
    const reader = await openBatch(file);
    expect(Object.keys(reader.header.fingerprints)).toHaveLength(3000);
    expect(reader.header.schemas).toBeUndefined();
    await reader.close();
  });

  test('that decompresses to more than it says is refused', async () => {
    const frame = await encodeFrame(HEADER, Buffer.from(JSON.stringify(header)));
    frame.writeUInt32LE(20, 1);
    const end = frame.length - 8;
    createHash('sha256').update(frame.subarray(0, end)).digest().copy(frame, end, 0, 8);
    await writeFile(file, Buffer.concat([PREAMBLE, frame]));
    await expect(openBatch(file)).rejects.toMatchObject({ code: 'batch.corrupt' });
  });

  test('whose trailer counts wrong is refused', async () => {
    await forge([HEADER, header], [TRAILER, { changes: 1, tables: {}, sha256: 'x' }]);
    await expect(read()).rejects.toMatchObject({ code: 'batch.corrupt' });
  });

  test('that is not there has its own error', async () => {
    await expect(openBatch(file)).rejects.toMatchObject({ code: 'disk.missing' });
    await expect(digestFile(file)).rejects.toMatchObject({ code: 'disk.missing' });
  });
});

describe('a batch writer', () => {
  test('that is aborted leaves nothing', async () => {
    const writer = createBatchWriter(file, header);
    await writer.write(plainBlock('client', 3));
    await writer.abort();
    await writer.abort();
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(writer.write(plainBlock('client', 3))).rejects.toThrow('aborted');
  });

  test('does not remove a file that is finished', async () => {
    const writer = createBatchWriter(file, header);
    const { size } = await writer.finish();
    await writer.abort();
    expect((await stat(file)).size).toBe(size);
  });

  test('says that its folder is not there, to whoever waits first', async () => {
    const writer = createBatchWriter(join(folder, 'absent', 'a.batch'), header);
    await expect(writer.write(plainBlock('client', 1))).rejects.toMatchObject({ code: 'disk.missing' });
    await expect(writer.finish()).rejects.toMatchObject({ code: 'disk.missing' });
    await writer.abort();
  });

  test.skipIf(process.platform !== 'linux')('says that the disk is full', async () => {
    // Behind a link, for `abort` removes the file.
    await symlink('/dev/full', file);
    const writer = createBatchWriter(file, header);
    await expect(writer.finish()).rejects.toMatchObject({ code: 'disk.full', retryable: true });
    await writer.abort();
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('can be one of two hundred, and its blocks are not kept', async () => {
    const writers = Array.from({ length: 200 }, (_, i) => createBatchWriter(join(folder, `${i}`), header));
    const text = 'a longish text, the better to be seen if it is kept'.repeat(4);
    const before = process.memoryUsage();
    for (let round = 0; round < 3; round++)
      for (const writer of writers) await writer.write(plainBlock('client', 500, text));
    const after = process.memoryUsage();
    const growth = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    await Promise.all(writers.map((writer) => writer.finish()));
    // All the blocks take 70 MB.
    expect(growth).toBeLessThan(50 << 20);
    file = join(folder, '199');
    expect((await read()).length).toBe(3);
  });
});
