import { parseServerAddress } from './database-address';
import type { Settings } from './settings';

/** What stands in a secret's place. */
const HIDDEN = '•••';

/** A shorter text stands in too many words that are none of anybody's secrets. */
const SHORTEST = 4;

/** Where a database server quotes the values of a row. */
const QUOTED_VALUES = /\b(values?(?: is)?:? )(\([^)]*\)|'[^']*')/gi;

/** Every secret of the settings, in each form in which a text may hold it. */
export function secretsOf({ database, hub, site, mail, password }: Settings): string[] {
  const typed = [parseServerAddress(database)?.password, site?.secret, site?.code, mail.password, password];
  const hashes = (hub?.sites ?? []).flatMap(({ secretHash, code }) => [secretHash, code?.hash]);
  const secrets = [...typed, ...hashes].filter((secret) => typeof secret === 'string');
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
  ]);
  // The longest first: one may hold another.
  return [...new Set(forms)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** A text as anybody may read it: without these secrets, and without the values that a database quotes in its errors. */
export function redact(text: string, secrets: readonly string[]): string {
  const plain = secrets.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text);
  return plain.replace(QUOTED_VALUES, `$1${HIDDEN}`);
}
