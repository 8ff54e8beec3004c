/** A value that a message may carry: it is put into the translated text as is, so it never holds a secret. */
export type MessageParams = Readonly<Record<string, string | number>>;

export interface SyncErrorOptions {
  readonly params?: MessageParams;
  /** The error below, kept for the log; its text never reaches a screen. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later with nothing changed (a line that dropped, a lock held). */
  readonly retryable?: boolean;
}

/** Every failure the product expects. Told apart by `code`, which is also the key of its text in `locales/` (`error.<code>`). */
export class SyncError extends Error {
  readonly params: MessageParams;
  readonly retryable: boolean;

  constructor(
    readonly code: string,
    options: SyncErrorOptions = {},
  ) {
    super(`${code} ${JSON.stringify(options.params ?? {})}`, { cause: options.cause });
    this.name = 'SyncError';
    this.params = options.params ?? {};
    this.retryable = options.retryable ?? false;
  }
}

export function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}
