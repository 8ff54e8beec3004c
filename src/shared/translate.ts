import { compile, createMessageContext, type MessageFunction } from '@intlify/core-base';
import type { MessageParams } from './errors';

/** Texts by key, nested: `{error: {hub: {login: '…'}}}`. */
export interface Messages {
  readonly [name: string]: string | Messages;
}

/** The text of a key, in one language; the key itself where there is none. */
export type Translate = (key: string, params?: MessageParams) => string;

const FRENCH = 'fr';

/**
 * French says 'zéro jour': one thing up to two. A third form, put first, is for none.
 * For vue-i18n too, so that screens and reports agree.
 */
export function frenchPlural(choice: number, choices: number): number {
  if (choices === 3) return choice === 0 ? 0 : choice < 2 ? 1 : 2;
  return choice < 2 ? 0 : 1;
}

/** Parameters that say how much, shown with their thousands set apart; a port or a number of round is not. */
const QUANTITIES = new Set(['count', 'rows', 'bytes', 'conflicts', 'expected', 'received']);

/**
 * Texts in vue-i18n's syntax: `{name}` for a parameter, `one | several` chosen by the parameter `count`.
 * A key that several sources have is the last one's.
 */
export function createTranslator(...sources: readonly Messages[]): Translate {
  return translatorIn(FRENCH, ...sources);
}

/** As `createTranslator`, in another language: the plural of two forms is from two on, or for none. */
export function translatorIn(locale: string, ...sources: readonly Messages[]): Translate {
  const texts = new Map(sources.flatMap((source) => [...flatten(source)]));
  const compiled = new Map<string, MessageFunction>();
  const numbers = new Intl.NumberFormat(locale);
  return (key, params = {}) => {
    const text = texts.get(key);
    if (text === undefined) return key;
    const message = compiled.get(key) ?? compileText(locale, key, text);
    compiled.set(key, message);
    const named = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [
        name,
        typeof value === 'number' && QUANTITIES.has(name) ? numbers.format(value) : value,
      ]),
    );
    const { count } = params;
    return message(
      createMessageContext({
        locale,
        pluralRules: { [FRENCH]: frenchPlural },
        pluralIndex: typeof count === 'number' ? count : -1,
        named,
      }),
    );
  };
}

/** Every key of nested texts, with its text. */
export function* flatten(messages: Messages, prefix = ''): Generator<[key: string, text: string]> {
  for (const [name, value] of Object.entries(messages)) {
    if (typeof value === 'string') yield [prefix + name, value];
    else yield* flatten(value, `${prefix}${name}.`);
  }
}

function compileText(locale: string, key: string, text: string): MessageFunction {
  return compile(text, {
    locale,
    key,
    warnHtmlMessage: false,
    onError: (error) => {
      throw error;
    },
  });
}
