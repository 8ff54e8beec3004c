import type { MessageParams } from '../../shared/errors';

/** A sentence, not yet in any language: `key` is a key of locales/, whole. */
export interface Sentence {
  readonly key: string;
  readonly params: MessageParams;
}
