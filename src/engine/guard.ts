import { SyncError } from '../shared/errors';
import { hashPassword, verifyPassword } from '../transport/secrets';
import type { Overview } from './contract';
import type { Workplace } from './workplace';

/** What the answer to a wrong password waits, times the wrong ones so far, milliseconds. */
const TARPIT = 1_000;
const SLOWEST = 5;

/** Keeps the configuration from whoever does not know its password. */
export class Guard {
  readonly #place: Workplace;
  #unlocked = false;
  #failures = 0;

  constructor(place: Workplace) {
    this.#place = place;
  }

  get state(): Overview['lock'] {
    if ((this.#place.settings?.password ?? null) === null) return 'none';
    return this.#unlocked ? 'unlocked' : 'locked';
  }

  /** Throws `settings.locked`. */
  require(): void {
    if (this.state === 'locked') throw new SyncError('settings.locked');
  }

  async unlock(password: string): Promise<void> {
    const hash = this.#place.settings?.password ?? null;
    if (hash === null) return;
    // Counted before it is known: guesses that are made side by side wait as long as those made in turn.
    this.#failures += 1;
    const failures = Math.min(this.#failures, SLOWEST);
    if (!(await verifyPassword(password, hash))) {
      await this.#place.parts.clock.delay(failures * TARPIT);
      throw new SyncError('settings.wrongPassword');
    }
    this.#failures = 0;
    this.#unlocked = true;
  }

  lock(): void {
    this.#unlocked = false;
  }

  /** Whoever sets it knows it: the configuration stays open to them. Null takes it away. */
  async set(password: string | null): Promise<void> {
    this.require();
    const hash = password === null || password === '' ? null : await hashPassword(password);
    await this.#place.change(async () => {
      const settings = await this.#place.refresh();
      this.#unlocked = true;
      await this.#place.save({ ...settings, password: hash });
    });
  }
}
