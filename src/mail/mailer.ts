import { randomUUID } from 'node:crypto';
import type { MailSettings, Settings } from '../config/settings';
import type { Report } from '../report/report';
import { nextDeparture } from '../schedule/next-departure';
import { SyncError } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import type { Translate } from '../shared/translate';
import {
  blockedDraft,
  diskDraft,
  isTold,
  keyRangeDraft,
  sessionDraft,
  silenceDraft,
  summaryDraft,
  testDraft,
  type Draft,
} from './drafts';
import { LetterWriter } from './letter-writer';
import { MailPump } from './mail-pump';
import { MailQueue } from './mail-queue';
import { loadMailState, saveMailState, type MailState } from './mail-state';
import type { Language, Mailer, MailerOptions, MailEvent, ReportAttachment } from './port';
import type { SendLetter } from './smtp';
import {
  dueSummary,
  newSilences,
  servedBy,
  silenceKey,
  toldLately,
  watchedNames,
  withHeld,
  withSummaries,
  withTold,
  withWatched,
} from './watch';

/** Between two looks for silence and the weekly summary, milliseconds. */
const LOOK = 60_000;
const WEEK = 7 * 24 * 3_600_000;
/** More sessions than a week holds, however often one departs. */
const WEEK_SESSIONS = 5_000;

export interface MailerParts {
  readonly send: SendLetter;
  readonly attach: ReportAttachment;
  readonly texts: Readonly<Record<Language, Translate>>;
}

/** Decides what is told, writes letters, and leaves their sending to the pump. */
export class DiskMailer implements Mailer {
  readonly #options: MailerOptions;
  readonly #send: SendLetter;
  readonly #writer: LetterWriter;
  readonly #pump: MailPump;
  readonly #stopping = new AbortController();
  /** Events and looks follow each other: they share the state. */
  #work: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  #state: MailState | null = null;
  /** Addresses that the FTP server refuses, as last heard; null before. */
  #blocked: readonly string[] | null = null;

  constructor(options: MailerOptions, { send, attach, texts }: MailerParts) {
    this.#options = options;
    this.#send = send;
    this.#writer = new LetterWriter({ ...options, attach, texts });
    this.#pump = new MailPump({
      ...options,
      queue: new MailQueue(options.paths.mailQueue),
      send,
      authorities: options.paths.mailAuthorities,
    });
  }

  start(): void {
    this.#pump.start();
    this.#looking = this.#lookOn();
  }

  notify(event: MailEvent): void {
    void this.#queue((settings) => this.#handle(event, settings));
  }

  async sendTest(mail: MailSettings): Promise<void> {
    const { host, from, to } = mail;
    if (host === '' || from === '' || to.length === 0) throw new SyncError('mail.incomplete');
    const { clock, settings, paths } = this.#options;
    const current = await settings();
    const draft = testDraft(current.name, this.#writer.words({ ...current, mail }));
    const refused = await this.#send(
      await this.#writer.write(draft, { ...current, mail }, this.#stopping.signal),
      {
        mail,
        sender: current.name,
        messageId: `<${randomUUID()}@synchronisation>`,
        date: new Date(clock.now()),
        authorities: paths.mailAuthorities,
        signal: this.#stopping.signal,
      },
    );
    if (refused.length === 0) return;
    throw new SyncError('mail.recipientRefused', { params: { host, recipients: refused.join(', ') } });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
    await this.#work;
    await this.#pump.stop();
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#queue((settings) => this.#look(settings));
      await this.#options.clock.delay(LOOK, signal).catch(() => undefined);
    }
  }

  /** Never rejects: what goes wrong with a letter must not reach a synchronisation. */
  #queue(work: (settings: Settings) => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      try {
        const settings = await this.#options.settings();
        await this.#update((state) => withWatched(state, watchedNames(settings), this.#now()));
        await work(settings);
      } catch (error) {
        const { code, params } = toSyncError(error);
        this.#options.log('warning', `error.${code}`, params);
      }
    });
    return this.#work;
  }

  async #handle(event: MailEvent, settings: Settings): Promise<void> {
    const { mail, name } = settings;
    if (event.kind === 'session') await this.#noteSuccess(event.report);
    if (event.kind === 'blocked') this.#blocked = event.addresses;
    if (!mail.enabled) return;
    const words = this.#writer.words(settings);
    switch (event.kind) {
      case 'session': {
        const { report } = event;
        if (!isTold(report, mail)) return;
        const key = `session.${report.state}.${report.error?.code ?? ''}`;
        return this.#tell(key, sessionDraft(report, words), settings, report);
      }
      case 'blocked':
        return this.#tellBlocked(settings);
      case 'keyRange':
        return this.#tell(`keyRange.${event.table}`, keyRangeDraft(name, event, words), settings);
      case 'disk':
        return this.#tell('disk', diskDraft(name, event.free, words), settings);
    }
  }

  async #look(settings: Settings): Promise<void> {
    const { mail } = settings;
    await this.#update((state) => withSummaries(state, settings, this.#now()));
    if (!mail.enabled) return;
    await this.#tellBlocked(settings);
    await this.#tellSilence(settings);
    const planned = dueSummary(await this.#loaded(), settings, this.#now());
    if (planned !== null) await this.#tellSummary(planned, settings);
  }

  async #noteSuccess(report: Report): Promise<void> {
    const news = servedBy(report).map((name) => [name, Date.parse(report.startedAt)] as const);
    await this.#update((state) => ({
      ...state,
      successes: { ...state.successes, ...Object.fromEntries(news) },
    }));
  }

  /** New addresses are told together, at most once an hour, however many try. */
  async #tellBlocked(settings: Settings): Promise<void> {
    const blocked = this.#blocked;
    if (blocked === null) return;
    await this.#update((state) => ({
      ...state,
      blocked: state.blocked.filter((each) => blocked.includes(each)),
    }));
    const state = await this.#loaded();
    const news = blocked.filter((address) => !state.blocked.includes(address));
    if (news.length === 0 || toldLately(state, 'blocked', this.#now())) return;
    await this.#tell('blocked', blockedDraft(settings.name, news, this.#writer.words(settings)), settings);
    await this.#update((current) => ({ ...current, blocked: [...blocked] }));
  }

  async #tellSilence(settings: Settings): Promise<void> {
    const now = this.#now();
    const silences = newSilences(
      await this.#loaded(),
      watchedNames(settings),
      settings.mail.silenceHours,
      now,
    );
    if (silences.length === 0) return;
    const draft = silenceDraft(settings.name, silences, this.#writer.words(settings));
    await this.#pump.add(await this.#writer.write(draft, settings, this.#stopping.signal));
    await this.#update((state) =>
      withTold(
        state,
        silences.map(({ name }) => silenceKey(name)),
        now,
      ),
    );
  }

  async #tellSummary(planned: number, settings: Settings): Promise<void> {
    const from = planned - WEEK;
    const sessions = (await this.#options.history(WEEK_SESSIONS)).filter(
      ({ startedAt }) => Date.parse(startedAt) >= from && Date.parse(startedAt) < planned,
    );
    const { successes } = await this.#loaded();
    const last = watchedNames(settings).map((name) => [name, successes[name] ?? null] as const);
    const week = {
      from,
      to: planned,
      sessions,
      last,
      nextDeparture: nextDeparture(settings.schedule, this.#now()),
    };
    const draft = summaryDraft(settings.name, week, this.#writer.words(settings));
    await this.#pump.add(await this.#writer.write(draft, settings, this.#stopping.signal));
    await this.#update((state) => ({ ...state, summary: planned }));
  }

  /** An alert that was told within the hour is counted, and its like says how many there were. */
  async #tell(key: string, draft: Draft, settings: Settings, report: Report | null = null): Promise<void> {
    const state = await this.#loaded();
    if (toldLately(state, key, this.#now())) return this.#update((current) => withHeld(current, key));
    const held = state.alerts[key]?.held ?? 0;
    await this.#pump.add(await this.#writer.write(draft, settings, this.#stopping.signal, { report, held }));
    await this.#update((current) => withTold(current, [key], this.#now()));
  }

  #now(): number {
    return this.#options.clock.now();
  }

  async #loaded(): Promise<MailState> {
    this.#state ??= await loadMailState(this.#options.paths.mailState);
    return this.#state;
  }

  async #update(change: (state: MailState) => MailState): Promise<void> {
    const before = await this.#loaded();
    const after = change(before);
    this.#state = after;
    if (JSON.stringify(after) !== JSON.stringify(before))
      await saveMailState(this.#options.paths.mailState, after);
  }
}
