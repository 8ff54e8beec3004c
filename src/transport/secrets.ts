import { createHash, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** A site's FTP password: 32 random bytes. `random` is handed in by tests. */
export function newSiteSecret(random: (size: number) => Buffer = randomBytes): string {
  return random(32).toString('base64url');
}

/**
 * What the hub keeps of a pairing code's secret: SHA-256, hexadecimal. A hash that costs time is for secrets that can be
 * guessed; of 32 random bytes none can, and at a login one scrypt then does, whatever there is to compare.
 */
export const codeHash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Whether the secret is the one that `codeHash` was made of. */
export function isCodeSecret(secret: string, hash: string): boolean {
  const [made, known] = [Buffer.from(codeHash(secret)), Buffer.from(hash)];
  return made.length === known.length && timingSafeEqual(made, known);
}

const keyLength = 32;
const cost = { N: 16384, r: 8, p: 1 };
/** scrypt shares the thread pool with the disk, which must not wait for a burst of logins. */
const atOnce = 2;

let running = 0;
/** As many as there are connections at most, each of which asks once at a time. */
const waiting: (() => void)[] = [];

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(secret, salt, cost);
  const { N, r, p } = cost;
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/**
 * Whether the secret is the one that was hashed. Null, or a text that is no hash, costs the same time
 * and is never right.
 */
export async function verifySecret(secret: string, secretHash: string | null): Promise<boolean> {
  const known = parse(secretHash ?? '');
  const { salt, hash, options } = known ?? {
    salt: unknownSalt,
    hash: Buffer.alloc(keyLength),
    options: cost,
  };
  const derived = await derive(secret, salt, options);
  return timingSafeEqual(derived, hash) && known !== null;
}

const unknownSalt = randomBytes(16);

function parse(text: string): { salt: Buffer; hash: Buffer; options: ScryptOptions } | null {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/.exec(text);
  if (match === null) return null;
  const [, N, r, p, salt = '', hash = ''] = match;
  const bytes = Buffer.from(hash, 'base64url');
  if (bytes.length !== keyLength) return null;
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  return { salt: Buffer.from(salt, 'base64url'), hash: bytes, options };
}

async function derive(secret: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  if (running >= atOnce) {
    // The one that ends hands its place on, so that no newcomer slips in between.
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await new Promise((resolve, reject) => {
      scrypt(secret.normalize(), salt, keyLength, options, (error, key) => {
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
