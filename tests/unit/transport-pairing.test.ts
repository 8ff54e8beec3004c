import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePairing, encodePairing, type Pairing } from '../../src/transport/pairing';
import { hashSecret, newSiteSecret, verifySecret } from '../../src/transport/secrets';

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
  expect(decodePairing(encodePairing(pairing))).toEqual(pairing);
  expect(decodePairing(encodePairing({ ...pairing, fingerprint: null })).fingerprint).toBeNull();
  expect(encodePairing(pairing)).toMatch(/^[\w.-]+$/);
});

test('white space, line breaks and invisible marks of pasted text change nothing', () => {
  const broken = encodePairing(pairing).replace(/.{40}/g, '$&\r\n \u200b');
  expect(decodePairing(`\ufeff \t${broken}\n\n`)).toEqual(pairing);
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
  expect(codeOf(code.replace('sync1', 'sync2'))).toMatchObject({
    ...{ code: 'pairing.version', params: { found: 2, expected: 1 } },
  });
});

test('a secret is 32 random bytes', () => {
  expect(newSiteSecret((size) => Buffer.alloc(size, 255))).toBe('_'.repeat(42) + '8');
  expect(newSiteSecret()).not.toBe(newSiteSecret());
});

test('only the right secret verifies, whatever the number asked at once', async () => {
  const hash = await hashSecret('secret');
  expect(hash).toMatch(/^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await hashSecret('secret')).not.toBe(hash);
  const answers = await Promise.all([
    ...['secret', 'Secret', '', 'secret '].map((secret) => verifySecret(secret, hash)),
    ...[null, '', 'secret', hash.slice(0, -1)].map((wrong) => verifySecret('secret', wrong)),
  ]);
  expect(answers).toEqual([true, false, false, false, false, false, false, false]);
});
