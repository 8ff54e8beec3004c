import type { Unseen } from './port';

/** SQL of what a hub notes with the lines that it logs for staged changes `s`. */
export interface LogMarks {
  /** The site they come from. */
  readonly origin: string;
  /** The round that published them. */
  readonly round: string;
  /** The site that a line of answer is for; 0: for no one site. */
  readonly author: string;
}

export const logMarks = (unseen: Exclude<Unseen, { at: 'site' }>): LogMarks =>
  unseen.at === 'replay'
    ? { origin: 'COALESCE(s.base, 0)', round: String(unseen.round), author: '0' }
    : { origin: String(unseen.author), round: 'NULL', author: String(unseen.author) };
