import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePairing, encodePairing, type Pairing } from '../../src/transport/pairing';
import {
  hashPassword,
  hashSecret,
  newSiteSecret,
  verifyPassword,
  verifySecret,
} from '../../src/transport/secrets';

const pairing: Pairing = {
  host: 'siege.exemple.fr',
  port: 21,
  fingerprint: Array.from({ length: 32 }, (_, index) => (index + 100).toString(16).toUpperCase()).join(':'),
  site: 3,
  name: 'Établissement « Nord » n° 3',
  user: 'site3',
  secret: newSiteSecret(),
};

test('a pairing code carries all six fields, with TLS and without', () => {
  expect(decodePairing(encodePairing(pairing))).toEqual({ ...pairing, once: true });
  expect(decodePairing(encodePairing({ ...pairing, fingerprint: null })).fingerprint).toBeNull();
  expect(encodePairing(pairing)).toMatch(/^[\w.-]+$/);
});

test('white space, line breaks and invisible marks of pasted text change nothing', () => {
  const broken = encodePairing(pairing).replace(/.{40}/g, '$&\r\n \u200b');
  expect(decodePairing(`\ufeff \t${broken}\n\n`)).toEqual({ ...pairing, once: true });
});

test('any single wrong character is noticed', () => {
  const code = encodePairing(pairing);
  fc.assert(
    fc.property(fc.nat(code.length - 1), fc.constantFrom('A', 'z', '0', '-', '!'), (at, letter) => {
      const changed = code.slice(0, at) + letter + code.slice(at + 1);
      fc.pre(changed.toLowerCase() !== code.toLowerCase() && changed !== code);
      expect(() => decodePairing(changed)).toThrow(/^pairing\.(malformed|checksum|version)/);
    }),
  );
});

test('each fault has its own code', () => {
  const code = encodePairing(pairing);
  const codeOf = (line: string): unknown => {
    try {
      return decodePairing(line);
    } catch (error) {
      return error;
    }
  };
  expect(codeOf('bonjour')).toMatchObject({ code: 'pairing.malformed' });
  expect(codeOf('')).toMatchObject({ code: 'pairing.malformed' });
  expect(codeOf(code.slice(0, -2))).toMatchObject({ code: 'pairing.checksum' });
  expect(codeOf(code.replace('sync2', 'sync3'))).toMatchObject({
    ...{ code: 'pairing.version', params: { found: 3, expected: 2 } },
  });
  expect(codeOf(code.replace('sync2', 'sync0'))).toMatchObject({ code: 'pairing.version' });
  expect(codeOf(code.replace('sync2', 'sync1'))).toMatchObject({ code: 'pairing.checksum' });
});

test('a code of the version before is read still: its secret is a lasting one', () => {
  const line = 'sync1.WyJzaWVnZS5leGVtcGxlLmZyIiwyMSxudWxsLDMsIk5vcmQiLCJzaXRlLTMiLCJzZWNyZXQiXQ.55fb2d33';
  expect(decodePairing(line)).toEqual({
    ...{ host: 'siege.exemple.fr', port: 21, fingerprint: null, site: 3, name: 'Nord' },
    ...{ user: 'site-3', secret: 'secret', once: false },
  });
});

test('a secret is 32 random bytes', () => {
  expect(newSiteSecret((size) => Buffer.alloc(size, 255))).toBe('_'.repeat(42) + '8');
  expect(newSiteSecret()).not.toBe(newSiteSecret());
});

test('only the right password verifies, whatever the number asked at once', async () => {
  const hash = await hashPassword('secret');
  expect(hash).toMatch(/^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await hashPassword('secret')).not.toBe(hash);
  const answers = await Promise.all([
    ...['secret', 'Secret', '', 'secret '].map((secret) => verifyPassword(secret, hash)),
    ...['', 'secret', hash.slice(0, -1)].map((wrong) => verifyPassword('secret', wrong)),
  ]);
  expect(answers).toEqual([true, false, false, false, false, false, false]);
});

test('only the right secret verifies, also where an older version hashed it as a password', async () => {
  const hash = hashSecret('secret');
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  const answers = await Promise.all([
    ...['secret', 'Secret', ''].map((secret) => verifySecret(secret, hash)),
    ...[null, '', 'secret', hash.slice(0, -1)].map((wrong) => verifySecret('secret', wrong)),
    verifySecret('secret', await hashPassword('secret')),
    verifySecret('wrong', await hashPassword('secret')),
  ]);
  expect(answers).toEqual([true, false, false, false, false, false, false, true, false]);
});
