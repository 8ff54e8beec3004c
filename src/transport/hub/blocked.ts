import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../../shared/clock';
import { writeAtomically } from '../disk';
import type { BlockedAddress } from '../port';
import { networkOf } from './addresses';

export interface BlockingRules {
  /** Failed logins of one address, within `windowMilliseconds`, that block it. */
  readonly threshold: number;
  readonly windowMilliseconds: number;
  /** Null: until someone clears it. */
  readonly durationMilliseconds: number | null;
  /** Addresses that are never refused. */
  readonly allows: (address: string) => boolean;
}

export const defaultBlockingRules: BlockingRules = {
  threshold: 5,
  windowMilliseconds: 10 * 60_000,
  durationMilliseconds: 60 * 60_000,
  allows: () => false,
};

const fileSchema = z.array(
  z.object({
    address: z.string(),
    attempts: z.number().int(),
    users: z.array(z.string()).default([]),
    firstAt: z.number(),
    lastAt: z.number(),
    until: z.number().nullable(),
  }),
);

/** Addresses whose failures are remembered at once; the oldest are forgotten first. */
const failuresLimit = 10_000;
/**
 * Addresses blocked at once, on disk too; the one that failed longest ago is let go first, and is blocked again as soon
 * as it goes on. Some megabyte, however many addresses an attacker has and however long they stay blocked.
 */
export const blockedLimit = 2000;
/** Between two writes of the list: an attack from many addresses must not keep the disk busy. */
const restMilliseconds = 1000;
/** Names kept of one address, and characters of each: they come from strangers. */
const usersLimit = 10;
const userLength = 64;

interface Failure {
  readonly attempts: number;
  readonly users: readonly string[];
  readonly firstAt: number;
}

/** Failed logins by address (IPv6: by /64 network), and the addresses refused for them. The blocked ones survive a restart. */
export class BlockedAddresses {
  #blocked = new Map<string, BlockedAddress>();
  readonly #failures = new Map<string, Failure>();
  /** The write under way with the rest after it, and the one that begins then, which all that changes meanwhile waits for. */
  #saving: Promise<void> = Promise.resolve();
  #nextSave: Promise<void> | null = null;

  constructor(
    private readonly options: {
      readonly file: string;
      readonly rules: BlockingRules;
      readonly clock: Clock;
      readonly changed: () => void;
    },
  ) {
    this.#blocked = load(options.file);
  }

  list(): BlockedAddress[] {
    return [...this.#blocked.values()].filter((blocked) => this.#lasts(blocked));
  }

  has(address: string): boolean {
    const blocked = this.#blocked.get(networkOf(address));
    return blocked !== undefined && this.#lasts(blocked) && !this.options.rules.allows(address);
  }

  /** Counts a failed login; gives the failures so far of this address. One that is always allowed is only slowed. */
  async failed(address: string, user: string): Promise<number> {
    const { rules, clock } = this.options;
    const now = clock.now();
    const network = networkOf(address);
    const former = this.#failures.get(network);
    const counts = former !== undefined && now - former.firstAt < rules.windowMilliseconds;
    const failure = {
      attempts: (counts ? former.attempts : 0) + 1,
      users: withUser(counts ? former.users : [], user),
      firstAt: counts ? former.firstAt : now,
    };
    this.#failures.delete(network);
    this.#failures.set(network, failure);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > failuresLimit && oldest !== undefined) this.#failures.delete(oldest);
    if (failure.attempts >= rules.threshold && !rules.allows(address))
      await this.#block(network, failure, now);
    return failure.attempts;
  }

  succeeded(address: string): void {
    this.#failures.delete(networkOf(address));
  }

  /** `address` as the list tells it: of IPv6 the /64 network. */
  async unblock(address: string): Promise<void> {
    this.#failures.delete(address);
    if (this.#blocked.delete(address)) await this.#save();
  }

  async clear(): Promise<void> {
    this.#failures.clear();
    this.#blocked.clear();
    await this.#save();
  }

  async #block(address: string, failure: Failure, now: number): Promise<void> {
    const duration = this.options.rules.durationMilliseconds;
    const until = duration === null ? null : now + duration;
    // Those that failed last stand last.
    this.#blocked.delete(address);
    this.#blocked.set(address, { address, ...failure, lastAt: now, until });
    for (const blocked of this.#blocked.values())
      if (!this.#lasts(blocked)) this.#blocked.delete(blocked.address);
    const [oldest] = this.#blocked.keys();
    if (this.#blocked.size > blockedLimit && oldest !== undefined) this.#blocked.delete(oldest);
    await this.#save();
  }

  #lasts(blocked: BlockedAddress): boolean {
    const { rules, clock } = this.options;
    return (blocked.until === null || blocked.until > clock.now()) && !rules.allows(blocked.address);
  }

  async #save(): Promise<void> {
    this.options.changed();
    this.#nextSave ??= this.#saving.then(() => {
      this.#nextSave = null;
      const saving = writeAtomically(this.options.file, JSON.stringify(this.list(), null, 2));
      // One that fails is told to those who waited for it and does not stop the next.
      this.#saving = saving.catch(() => undefined).then(() => this.options.clock.delay(restMilliseconds));
      return saving;
    });
    await this.#nextSave;
  }
}

function withUser(users: readonly string[], user: string): string[] {
  const name = user.slice(0, userLength);
  return [name, ...users.filter((known) => known !== name)].slice(0, usersLimit);
}

/** Read at once, before the first connection; a file that is missing or damaged blocks nobody. */
function load(file: string): Map<string, BlockedAddress> {
  try {
    const list = fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return new Map(list.slice(-blockedLimit).map((blocked) => [blocked.address, blocked]));
  } catch {
    return new Map();
  }
}
