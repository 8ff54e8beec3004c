import type { Parts } from '../engine/parts';
import type { Translate } from '../shared/translate';

/** Where a command reads and writes, handed in by the entry point. */
export interface CommandContext {
  readonly parts: Parts;
  readonly folder: string;
  /** Answers are JSON, for programs. */
  readonly json: boolean;
  readonly translate: Translate;
  /** One line, or several, on the standard output. */
  readonly print: (text: string) => void;
  /** Progress and log lines, on the standard error. */
  readonly tell: (text: string) => void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Exit codes, as README documents them. */
export const EXIT = { complete: 0, partial: 2, failed: 1, badUse: 3 } as const;

/** Errors about the settings or the call, and not about the synchronisation. */
const BAD_USE =
  /^(cli|settings|pairing|database\.(address|addressOption|missing|newer|notADatabase|notPrepared|unknownScheme))\b/;

/** Exit code of a command that ended with this error. */
export const exitOf = (code: string): number => (BAD_USE.test(code) ? EXIT.badUse : EXIT.failed);

/** Prints an answer: the JSON for programs, the lines for people. */
export function answer(
  context: Pick<CommandContext, 'json' | 'print'>,
  value: unknown,
  lines: readonly string[],
): void {
  context.print(context.json ? JSON.stringify(value, toJson, 1) : lines.join('\n'));
}

/** What JSON has no notation for: large integers as strings, bytes as base 64. */
function toJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}
