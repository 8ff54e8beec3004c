import type { MailSettings } from '../config/settings';
import { toSyncError } from '../shared/to-sync-error';
import type { Letter } from './letter';
import { LONGEST_WAIT, waitOf, type MailQueue, type QueuedLetter } from './mail-queue';
import type { MailerOptions } from './port';
import type { SendLetter } from './smtp';
import { isOfLetter } from './smtp-error';

/** Between two looks at the queue: settings may have changed, and letters become due, milliseconds. */
const LOOK = 60_000;
/** How long the end of the program waits for a letter under way, milliseconds. */
const GRACE = 3_000;

export interface PumpOptions extends Pick<MailerOptions, 'clock' | 'settings' | 'log'> {
  readonly queue: MailQueue;
  readonly send: SendLetter;
  readonly authorities: string;
}

/** Carries letters from the queue to the server, for as long as it runs. */
export class MailPump {
  readonly #options: PumpOptions;
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Settings of the last look, to notice new ones: they may be what a server asked for. */
  #known: string | null = null;
  /** A line that is down is left alone until then; what waits would only fail alike. */
  #downUntil = 0;
  /** Code of the last failure, said once and not at each try. */
  #failure: string | null = null;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Puts a letter on disk. Rejects with `disk.*`. */
  async add(letter: Letter): Promise<void> {
    await this.#options.queue.add(letter, this.#options.clock.now());
    this.#wake.abort();
  }

  /** What is due has one more try, which is given up after a moment. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const ended = new AbortController();
    const passed = this.#options.clock.delay(GRACE, ended.signal).catch(() => undefined);
    await Promise.race([this.#running, passed]);
    ended.abort();
    this.#givingUp.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const last = this.#stopping.signal.aborted;
      await this.#look().catch((error: unknown) => this.#sayOnce(error));
      if (last) return;
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#wake.signal]);
    await this.#options.clock.delay(LOOK, signal).catch(() => undefined);
    this.#wake = new AbortController();
  }

  async #look(): Promise<void> {
    const { queue, clock, log, settings } = this.#options;
    const { mail, name } = await settings();
    if (!mail.enabled) return;
    const now = clock.now();
    const dropped = await queue.prune(now);
    if (dropped > 0) log('warning', 'mailing.dropped', { count: dropped });
    const known = JSON.stringify(mail);
    const changed = known !== this.#known;
    this.#known = known;
    const down = this.#downUntil > now && this.#downUntil - now <= LONGEST_WAIT;
    if (down && !changed) return;
    for (const queued of await queue.list()) {
      if (!changed && waitOf(queued, now) > 0) continue;
      const goOn = await this.#try(queued, mail, name);
      if (!goOn || this.#givingUp.signal.aborted) return;
    }
  }

  /** Whether the next letter is worth a try. */
  async #try(queued: QueuedLetter, mail: MailSettings, sender: string): Promise<boolean> {
    const { queue, clock, send, authorities, log } = this.#options;
    try {
      const refused = await send(queued.letter, {
        mail,
        sender,
        messageId: `<${queued.id}@synchronisation>`,
        date: new Date(queued.at),
        authorities,
        signal: this.#givingUp.signal,
      });
      await queue.remove(queued.id);
      this.#downUntil = 0;
      this.#failure = null;
      if (refused.length > 0) log('warning', 'mailing.someRefused', { recipients: refused.join(', ') });
      log('info', 'mailing.sent', { subject: queued.letter.subject });
      return true;
    } catch (error) {
      // The end of the program is nobody's failure: the letter is tried at the next start.
      if (this.#givingUp.signal.aborted) return false;
      const failure = toSyncError(error);
      this.#sayOnce(failure);
      const wait = await queue.postpone(queued, clock.now(), !failure.retryable);
      if (isOfLetter(failure)) return true;
      this.#downUntil = clock.now() + wait;
      return false;
    }
  }

  #sayOnce(error: unknown): void {
    const { code, params } = toSyncError(error);
    if (code !== this.#failure) this.#options.log('warning', `error.${code}`, params);
    this.#failure = code;
  }
}
