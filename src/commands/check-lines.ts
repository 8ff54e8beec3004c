import type { CheckResult } from '../engine/contract';
import type { Translate } from '../shared/translate';

const MARKS: Readonly<Record<CheckResult['state'], string>> = {
  running: '►',
  ok: '✔',
  warning: '!',
  failed: '✘',
  skipped: '·',
};

/** A check for people: what was found, and what to do about it. */
export function checkLines(
  { name, state, milliseconds, message, remedy }: CheckResult,
  translate: Translate,
): string[] {
  const found = message === null ? '' : ` — ${translate(message.key, message.params)}`;
  const line = `${MARKS[state]} ${translate(`check.${name}`)} (${String(milliseconds)} ms)${found}`;
  return remedy === null ? [line] : [line, `    ${translate(remedy.key, remedy.params)}`];
}

/** A check for programs. */
export const checkAnswer = ({ state, ...check }: CheckResult): object => ({
  ...check,
  ok: state !== 'failed',
  state,
});
