import { platform, release } from 'node:os';
import { redact, secretsOf } from '../config/secrets';
import type { Settings } from '../config/settings';
import type { Level } from '../report/report';
import type { Clock } from '../shared/clock';
import { SyncError, type MessageParams } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import { LogFile } from '../shared/log-file';
import type { Translate } from '../shared/translate';

export interface EngineLogOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Whoever reads a log is helped by one language for all installations. */
  readonly english: Translate;
  readonly application: string;
}

/** The engine's log files: all that the progress log says, and of errors what lies below them. No secret, no value of a row. */
export class EngineLog {
  readonly #options: EngineLogOptions;
  readonly #file: LogFile;
  #secrets: readonly string[] = [];

  constructor(options: EngineLogOptions) {
    this.#options = options;
    this.#file = new LogFile(options.file);
  }

  /** These settings hold from now on: their secrets are kept out. */
  configure(settings: Settings): void {
    this.#secrets = secretsOf(settings);
  }

  started(): void {
    const { application } = this.#options;
    const { node } = process.versions;
    this.#write('info', 'engine.started', `version ${application}, Node ${node}, ${platform()} ${release()}`);
  }

  stopped(): void {
    this.#write('info', 'engine.stopped', `process ${String(process.pid)}`);
  }

  say(level: Level, key: string, params: MessageParams): void {
    this.#write(level, key, this.#options.english(key, params));
  }

  /** What an error has below the words that people are told. */
  cause(error: unknown): void {
    const { code, cause } = toSyncError(error);
    const below = error instanceof SyncError ? cause : error;
    if (below instanceof Error)
      this.#write('error', `error.${code}`, `caused by ${below.stack ?? below.message}`);
  }

  /** Resolves when all lines are on their way to the disk. */
  flushed(): Promise<void> {
    return this.#file.flushed();
  }

  #write(level: Level, code: string, text: string): void {
    const at = new Date(this.#options.clock.now()).toISOString();
    this.#file.write(at, level, code, redact(text, this.#secrets));
  }
}
