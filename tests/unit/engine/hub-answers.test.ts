import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/database/port';
import { HubAnswers } from '../../../src/engine/hub-answers';
import { SyncError } from '../../../src/shared/errors';
import { answerName, answersFolder, finalName, inboxFolder } from '../../../src/transport/names';

const MINUTE = 60_000;

let folder: string;
let now: number;
let opened: number;
let tooMuch: number[];
let answers: HubAnswers;
/** What a question asks of the database, which takes ten minutes here. */
let read: () => Promise<Database>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'answers-'));
  [now, opened, tooMuch] = [1_000_000, 0, []];
  read = () => Promise.reject(new SyncError('database.busy'));
  answers = new HubAnswers({
    sitesFolder: folder,
    application: '1.0.0',
    clock: { now: () => now, delay: () => Promise.resolve() },
    openDatabase: () => {
      opened += 1;
      now += 10 * MINUTE;
      return read();
    },
    onBegin: () => undefined,
    onTooMuch: (site) => tooMuch.push(site),
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

const fileOf = (site: number, question: number): string =>
  join(inboxFolder(folder, site, 'questions'), finalName('questions', question));

function ask(site: number, question: number): void {
  mkdirSync(inboxFolder(folder, site, 'questions'), { recursive: true });
  writeFileSync(fileOf(site, question), JSON.stringify({ kind: 'tables' }));
  answers.asked(site, question);
}

/** Code of the refusal that is the answer. */
async function refusalOf(site: number, question: number): Promise<unknown> {
  ask(site, question);
  const file = join(answersFolder(folder, site), answerName(question));
  await expect.poll(() => existsSync(file)).toBe(true);
  return (JSON.parse(readFileSync(file, 'utf8')) as { refused: { code: string } }).refused.code;
}

test('a site that asks without end is refused for a day, which is told once; the others are answered', async () => {
  for (let question = 1; question <= 6; question += 1)
    expect(await refusalOf(1, question)).toBe('database.busy');
  for (let question = 7; question <= 9; question += 1)
    expect(await refusalOf(1, question)).toBe('compare.tooMuch');
  expect([opened, tooMuch]).toEqual([6, [1]]);
  expect(await refusalOf(2, 1)).toBe('database.busy');
  now += 23 * 60 * MINUTE;
  expect(await refusalOf(1, 10)).toBe('database.busy');
  now = 0;
  expect(await refusalOf(1, 11)).toBe('database.busy');
});

test('of the questions that a site asks at once the last one is answered, after that of another site', async () => {
  let goOn: () => void = () => undefined;
  const wait = new Promise<void>((resolve) => (goOn = resolve));
  read = () => wait.then(() => Promise.reject(new SyncError('database.busy')));
  ask(1, 1);
  await expect.poll(() => opened).toBe(1);
  for (let question = 2; question <= 5; question += 1) ask(1, question);
  ask(2, 1);
  goOn();
  await expect.poll(() => readdirSync(answersFolder(folder, 2))).toEqual([answerName(1)]);
  expect(readdirSync(answersFolder(folder, 1))).toEqual([answerName(5)]);
  expect(opened).toBe(3);
  await expect.poll(() => readdirSync(inboxFolder(folder, 1, 'questions'))).toEqual([]);
});
