import type { Conflict } from './port';

/** Whether a value of either row of a conflict has this text in it; `text` is in lower case. */
export function hasText({ key, winningRow, losingRow }: Conflict, text: string): boolean {
  return [...key, ...(winningRow ?? []), ...(losingRow ?? [])].some(
    (value) =>
      value !== null && !(value instanceof Uint8Array) && String(value).toLocaleLowerCase().includes(text),
  );
}
