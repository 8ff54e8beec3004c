import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { answerInto } from '../compare/answer';
import type { Database } from '../database/port';
import { emptyFolder } from '../transport/batch-files';
import { answerName, answersFolder, finalName, inboxFolder } from '../transport/names';

export interface HubAnswersOptions {
  readonly sitesFolder: string;
  readonly application: string;
  readonly openDatabase: () => Promise<Database>;
  /** A site asked the first question of a comparison. */
  readonly onBegin: (site: number) => void;
}

/** Answers what sites ask when they compare, one question at a time; a session may run beside it, for it only reads. */
export class HubAnswers {
  readonly #options: HubAnswersOptions;
  #abort = new AbortController();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: HubAnswersOptions) {
    this.#options = options;
  }

  asked(site: number, question: number): void {
    const { signal } = this.#abort;
    // What cannot be read or written here is told by the site, which gets no answer.
    this.#turn = this.#turn.then(() => this.#answer(site, question, signal)).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the hub stops'));
    this.#abort = new AbortController();
    await this.#turn;
  }

  async #answer(site: number, question: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { sitesFolder, application, openDatabase, onBegin } = this.#options;
    const asked = join(inboxFolder(sitesFolder, site, 'questions'), finalName('questions', question));
    const text = await readFile(asked, 'utf8');
    await rm(asked);
    if (text === FIRST_QUESTION) onBegin(site);
    const folder = answersFolder(sitesFolder, site);
    // A site asks one thing at a time: what it left was of a comparison that was cut short.
    await emptyFolder(folder);
    await answerInto(join(folder, answerName(question)), text, openDatabase, { application, signal });
  }
}

const FIRST_QUESTION = JSON.stringify({ kind: 'tables' });
