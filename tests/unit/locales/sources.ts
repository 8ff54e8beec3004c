/** What the tests of the texts read: every source file of the screens and the engine, and every file of texts. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { flatten, type Messages } from '../../../src/shared/translate';

const root = path.join(import.meta.dirname, '../../..');

export interface Source {
  readonly file: string;
  readonly code: string;
}

export function sourcesOf(folder: 'app' | 'src'): Source[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(vue|ts)$/.test(file))
    .map((file) => ({
      file: path.join(folder, file),
      code: readFileSync(path.join(root, folder, file), 'utf8'),
    }));
}

export interface TextFile {
  readonly name: string;
  readonly texts: ReadonlyMap<string, string>;
}

export function textsOf(language: 'fr' | 'en'): TextFile[] {
  const folder = path.join(root, 'locales', language);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const content = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Messages;
      return { name, texts: new Map(flatten(content)) };
    });
}

/** The code without its comments: those may say anything. */
export function withoutComments(code: string): string {
  return code
    .replace(/<!--.*?-->/gs, '')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/(?<=^|[\s;{}])\/\/.*$/gm, '');
}

/** Every quoted text of the code, templates with their `${…}` in place. */
export function literals(code: string): string[] {
  const quoted = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
  return [...withoutComments(code).matchAll(quoted)].flatMap(([, single, double, template]) => {
    const text = single ?? double ?? template ?? '';
    // An attribute of a template holds expressions with quoted texts of their own.
    return double === undefined ? [text] : [text, ...literals(double)];
  });
}
