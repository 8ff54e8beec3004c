import { createHash, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** A site's FTP password: 32 random bytes. `random` is handed in by tests. */
export function newSiteSecret(random: (size: number) => Buffer = randomBytes): string {
  return random(32).toString('base64url');
}

/**
 * What the hub keeps of a site's secret, and of a pairing code's: SHA-256, hexadecimal. A hash that costs time is for words
 * that people choose; 32 random bytes nobody can guess, while strangers could have the hub hash their guesses without end.
 */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** What an older version kept of a secret: a password's hash, which strangers can have the hub compute. */
export const isSlowHash = (hash: string): boolean => hash.startsWith('scrypt$');

/** Whether the secret is the one that was hashed; of null none is. */
export async function verifySecret(secret: string, hash: string | null): Promise<boolean> {
  if (hash === null) return false;
  if (isSlowHash(hash)) return verifyPassword(secret, hash);
  const [made, known] = [Buffer.from(hashSecret(secret)), Buffer.from(hash)];
  return made.length === known.length && timingSafeEqual(made, known);
}

const keyLength = 32;
const cost = { N: 16384, r: 8, p: 1 };
/** scrypt shares the thread pool with the disk, which must not wait for a burst of logins. */
const atOnce = 2;

let running = 0;
/** As many as there are connections at most, each of which asks once at a time. */
const waiting: (() => void)[] = [];

/** Of a word that people choose: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  const { N, r, p } = cost;
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether the password is the one that was hashed; of a text that is no hash none is. */
export async function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  const known = parse(passwordHash);
  return known !== null && timingSafeEqual(await derive(password, known.salt, known.options), known.hash);
}

function parse(text: string): { salt: Buffer; hash: Buffer; options: ScryptOptions } | null {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/.exec(text);
  if (match === null) return null;
  const [, N, r, p, salt = '', hash = ''] = match;
  const bytes = Buffer.from(hash, 'base64url');
  if (bytes.length !== keyLength) return null;
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  return { salt: Buffer.from(salt, 'base64url'), hash: bytes, options };
}

async function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  if (running >= atOnce) {
    // The one that ends hands its place on, so that no newcomer slips in between.
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await new Promise((resolve, reject) => {
      scrypt(password.normalize(), salt, keyLength, options, (error, key) => {
        if (error) reject(error);
        else resolve(key);
      });
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
