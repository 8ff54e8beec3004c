import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { answerInto } from '../compare/answer';
import type { Database } from '../database/port';
import type { Clock } from '../shared/clock';
import { SyncError } from '../shared/errors';
import { emptyFolder } from '../transport/batch-files';
import { answerName, answersFolder, finalName, inboxFolder } from '../transport/names';

export interface HubAnswersOptions {
  readonly sitesFolder: string;
  readonly application: string;
  readonly clock: Clock;
  readonly openDatabase: () => Promise<Database>;
  /** A site asked the first question of a comparison. */
  readonly onBegin: (site: number) => void;
  /** A site has asked so much that it gets no answer until a day after it began. */
  readonly onTooMuch: (site: number) => void;
}

/** What the answers to one site may take within a day: a hundred comparisons of a large database. Milliseconds. */
const MOST = 3_600_000;
const DAY = 86_400_000;

interface Spent {
  /** Milliseconds since 1970, UTC. */
  readonly since: number;
  milliseconds: number;
}

/**
 * Answers what sites ask when they compare, one question at a time; a session may run beside it, for it only reads. A
 * site asks one thing at a time: what it asks next takes the place of what it has not been answered yet.
 */
export class HubAnswers {
  readonly #options: HubAnswersOptions;
  #abort = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  /** The question of each site that waits. */
  readonly #waiting = new Map<number, number>();
  readonly #spent = new Map<number, Spent>();

  constructor(options: HubAnswersOptions) {
    this.#options = options;
  }

  asked(site: number, question: number): void {
    const { signal } = this.#abort;
    const former = this.#waiting.get(site);
    this.#waiting.set(site, question);
    if (former !== undefined) {
      void rm(this.#fileOf(site, former), { force: true }).catch(() => undefined);
      return;
    }
    // What cannot be read or written here is told by the site, which gets no answer.
    this.#turn = this.#turn.then(() => this.#answer(site, signal)).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the hub stops'));
    this.#abort = new AbortController();
    await this.#turn;
  }

  async #answer(site: number, signal: AbortSignal): Promise<void> {
    const question = this.#waiting.get(site);
    this.#waiting.delete(site);
    if (signal.aborted || question === undefined) return;
    const { sitesFolder, application, clock, openDatabase, onBegin } = this.#options;
    const asked = this.#fileOf(site, question);
    const text = await readFile(asked, 'utf8');
    await rm(asked);
    if (text === FIRST_QUESTION) onBegin(site);
    const folder = answersFolder(sitesFolder, site);
    // What it left was of a comparison that was cut short.
    await emptyFolder(folder);
    const spent = this.#spentOn(site);
    const open = (): Promise<Database> =>
      spent.milliseconds < MOST ? openDatabase() : Promise.reject(new SyncError('compare.tooMuch'));
    const began = clock.now();
    await answerInto(join(folder, answerName(question)), text, open, { application, signal });
    const before = spent.milliseconds;
    spent.milliseconds += Math.max(0, clock.now() - began);
    if (before < MOST && spent.milliseconds >= MOST) this.#options.onTooMuch(site);
  }

  #spentOn(site: number): Spent {
    const now = this.#options.clock.now();
    const known = this.#spent.get(site);
    // A clock that was set back begins another day.
    if (known !== undefined && now >= known.since && now < known.since + DAY) return known;
    const spent = { since: now, milliseconds: 0 };
    this.#spent.set(site, spent);
    return spent;
  }

  #fileOf(site: number, question: number): string {
    return join(inboxFolder(this.#options.sitesFolder, site, 'questions'), finalName('questions', question));
  }
}

const FIRST_QUESTION = JSON.stringify({ kind: 'tables' });
