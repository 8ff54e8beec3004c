import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Settings } from '../config/settings';
import { writeFileAtomic } from '../shared/atomic-file';
import type { Clock } from '../shared/clock';
import { systemCode } from '../shared/disk-error';
import { SyncError } from '../shared/errors';
import { turns } from '../shared/turns';
import type { SiteAccount, SiteCode, SiteSecrets } from '../transport/port';

const fileSchema = z.array(
  z.strictObject({
    site: z.number().int().positive(),
    /** Hash of the pairing code that it came with, empty where it had none: under a newer code this line counts for nothing. */
    code: z.string(),
    secretHash: z.string(),
    /** The site has logged in with this secret. */
    proven: z.boolean(),
  }),
);
type Line = z.infer<typeof fileSchema>[number];
type Account = NonNullable<Settings['hub']>['sites'][number];

export interface SiteLoginsOptions {
  readonly file: string;
  readonly clock: Clock;
  /** A site has come for the first time with a secret of its own. */
  readonly onLinked: (site: number) => void;
  /** Someone came with a code that opens nothing any more. */
  readonly onRefused: (site: number, state: 'used' | 'expired') => void;
}

/**
 * The secrets that sites have left at the hub in place of their codes'. In a file of their own, which the engine alone
 * writes: settings are changed by the command line too, and a secret lost to the other's save would lock a site out.
 */
export class SiteLogins implements SiteSecrets {
  readonly #options: SiteLoginsOptions;
  #lines: ReadonlyMap<number, Line> = new Map();
  readonly #inTurn = turns();

  constructor(options: SiteLoginsOptions) {
    this.#options = options;
  }

  /** Before the first login. Rejects with `settings.unreadable`: a file that is damaged is not written over. */
  async load(): Promise<void> {
    try {
      const lines = fileSchema.parse(JSON.parse(await readFile(this.#options.file, 'utf8')));
      this.#lines = new Map(lines.map((line) => [line.site, line]));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw new SyncError('settings.unreadable', { params: { reason: 'logins.json' } });
    }
  }

  account({ number, name, user, secretHash, code }: Account): SiteAccount {
    const line = this.#lineOf(number, code);
    return {
      ...{ number, name, user, secretHash: line?.secretHash ?? secretHash },
      code: code === null ? null : { hash: code.hash, state: this.#stateOf(line, code) },
    };
  }

  left({ number, code }: SiteAccount, secretHash: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (code === undefined || code === null || this.#lineOf(number, code)?.proven === true) return false;
      await this.#write({ site: number, code: code.hash, secretHash, proven: false });
      return true;
    });
  }

  proven({ number, code, secretHash }: SiteAccount): Promise<boolean> {
    return this.#inTurn(async () => {
      const line = this.#lineOf(number, code ?? null);
      if (line === undefined || line.secretHash !== secretHash) return false;
      if (line.proven) return true;
      await this.#write({ ...line, proven: true });
      this.#options.onLinked(number);
      return true;
    });
  }

  rehashed({ number, code }: SiteAccount, secretHash: string): Promise<void> {
    return this.#inTurn(() =>
      this.#write({ site: number, code: code?.hash ?? '', secretHash, proven: true }),
    );
  }

  refused({ number }: SiteAccount, state: 'used' | 'expired'): void {
    this.#options.onRefused(number, state);
  }

  #stateOf(line: Line | undefined, { expiresAt }: NonNullable<Account['code']>): SiteCode['state'] {
    if (line?.proven === true) return 'used';
    return this.#options.clock.now() > Date.parse(expiresAt) ? 'expired' : 'open';
  }

  #lineOf(site: number, code: { readonly hash: string } | null): Line | undefined {
    const line = this.#lines.get(site);
    return line?.code === (code?.hash ?? '') ? line : undefined;
  }

  async #write(line: Line): Promise<void> {
    const lines = new Map(this.#lines).set(line.site, line);
    await writeFileAtomic(this.#options.file, JSON.stringify([...lines.values()], null, 1), { mode: 0o600 });
    this.#lines = lines;
  }
}
