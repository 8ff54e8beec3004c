import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealFile, unsealFile } from '../../../src/batch/sealed-file';

const CHUNK = 64 * 1024;
const passphrase = 'le mot de passe du siège';
const { signal } = new AbortController();
let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'sealed-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Bytes that look like nothing, always the same. */
const content = (size: number): Buffer => {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, at) =>
    createHash('sha256').update(String(at)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
};

async function seal(size: number): Promise<Buffer> {
  const [plain, sealed] = [join(folder, 'plain'), join(folder, 'sealed')];
  writeFileSync(plain, content(size));
  await sealFile(plain, sealed, { passphrase, signal, cost: 10 });
  return readFileSync(sealed);
}

async function unseal(bytes: Buffer, word = passphrase): Promise<Buffer> {
  const [sealed, plain] = [join(folder, 'received'), join(folder, 'again')];
  writeFileSync(sealed, bytes);
  await unsealFile(sealed, plain, { passphrase: word, signal });
  return readFileSync(plain);
}

const HEAD = 8 + 2 + 16 + 16 + 8;
const SEALED_CHUNK = CHUNK + 16;

test('what was sealed comes back, whatever its size, and cannot be read meanwhile', async () => {
  for (const size of [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK]) {
    const sealed = await seal(size);
    expect((await unseal(sealed)).equals(content(size)), String(size)).toBe(true);
    if (size > 16) expect(sealed.includes(content(size).subarray(0, 16))).toBe(false);
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('the same content is never sealed to the same bytes', async () => {
  const [one, other] = [await seal(100), await seal(100)];
  expect(one.equals(other)).toBe(false);
});

test('faults are told apart', async () => {
  const sealed = await seal(2 * CHUNK + 10);
  const rejects = async (bytes: Buffer, code: string, word?: string): Promise<void> => {
    await expect(unseal(bytes, word)).rejects.toMatchObject({ code });
  };
  await rejects(sealed, 'seal.wrongPassphrase', 'le mot de passe du siege');
  await rejects(sealed.subarray(0, sealed.length - 1), 'seal.truncated');
  await rejects(sealed.subarray(0, HEAD + SEALED_CHUNK), 'seal.truncated');
  await rejects(sealed.subarray(0, 20), 'seal.truncated');
  await rejects(Buffer.concat([sealed, Buffer.from('x')]), 'seal.corrupt');
  const [head, first, second, rest] = [
    sealed.subarray(0, HEAD),
    sealed.subarray(HEAD, HEAD + SEALED_CHUNK),
    sealed.subarray(HEAD + SEALED_CHUNK, HEAD + 2 * SEALED_CHUNK),
    sealed.subarray(HEAD + 2 * SEALED_CHUNK),
  ];
  await rejects(Buffer.concat([head, second, first, rest]), 'seal.corrupt');
  for (const at of [HEAD + 5, HEAD + SEALED_CHUNK - 1, sealed.length - 1]) {
    const altered = Buffer.from(sealed);
    altered.writeUInt8((altered.readUInt8(at) + 1) % 256, at);
    await rejects(altered, 'seal.corrupt');
  }
  // One chunk taken away and the size set to fit: the one before it was not sealed as the last.
  const shorter = Buffer.concat([head, first, second]);
  shorter.writeBigUInt64LE(BigInt(2 * CHUNK), HEAD - 8);
  await rejects(shorter, 'seal.corrupt');
  await rejects(Buffer.from('an ordinary file of some length, which nobody has sealed'), 'seal.notSealed');
  const newer = Buffer.from(sealed);
  newer.writeUInt8(2, 8);
  await rejects(newer, 'seal.version');
});

test('a short passphrase is refused before anything is written', async () => {
  const sealed = join(folder, 'never');
  const refused = sealFile(join(folder, 'plain'), sealed, { passphrase: 'short', signal });
  await expect(refused).rejects.toMatchObject({ code: 'seal.shortPassphrase', params: { least: 8 } });
  expect(readdirSync(folder)).not.toContain('never');
});
