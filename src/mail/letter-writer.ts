import type { Settings } from '../config/settings';
import type { Report } from '../report/report';
import { wordsOf, type Words } from '../report/report-words';
import type { Clock } from '../shared/clock';
import type { Translate } from '../shared/translate';
import type { Draft } from './drafts';
import type { Letter } from './letter';
import type { Attachment, Language, ReportAttachment } from './port';
import { renderLetter } from './render-letter';
import { reportPage } from './report-page';

/** A report that takes longer to print goes as a page, milliseconds. */
const ATTACHMENT_LIMIT = 60_000;

export interface WriterOptions {
  readonly clock: Clock;
  readonly application: string;
  readonly attach: ReportAttachment;
  readonly texts: Readonly<Record<Language, Translate>>;
}

/** Makes letters of drafts, in the language of the settings. */
export class LetterWriter {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  words({ mail: { language }, schedule }: Settings): Words {
    return wordsOf(this.#options.texts[language], { locale: language, zone: schedule.timeZone });
  }

  /** `held`: how many alerts like this one were held back. */
  async write(
    draft: Draft,
    settings: Settings,
    signal: AbortSignal,
    { report = null, held = 0 }: { readonly report?: Report | null; readonly held?: number } = {},
  ): Promise<Letter> {
    const { text } = this.words(settings);
    const { name, role, mail } = settings;
    const notes = [
      ...(report === null ? [] : [text('letter.attached')]),
      ...(held === 0 ? [] : [text('letter.held', { count: held })]),
      text('letter.footer', {
        name,
        role: text(`report.role.${role}`),
        application: this.#options.application,
      }),
    ];
    const attachments = report === null ? [] : [await this.#attachment(report, settings, signal)];
    return { ...renderLetter(draft, notes, mail.language), attachments };
  }

  /** The report as a document; as a page where that fails, takes too long, or the program ends. */
  async #attachment(
    report: Report,
    { mail: { language }, schedule }: Settings,
    stopping: AbortSignal,
  ): Promise<Attachment> {
    const { texts, clock, attach } = this.#options;
    const words = { translate: texts[language], language, zone: schedule.timeZone };
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, stopping]);
    const passed = clock.delay(ATTACHMENT_LIMIT, signal).then(
      () => null,
      () => null,
    );
    const made = attach(report, words, signal).catch(() => null);
    const attachment = await Promise.race([made, passed]);
    ended.abort();
    return attachment ?? reportPage(report, words, signal);
  }
}
