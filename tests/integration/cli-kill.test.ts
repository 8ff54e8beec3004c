import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CommandLine, type Running } from '../support/command-line';
import { Installations } from '../support/installations';
import { seededRandom, type Random } from '../support/random';
import { Witness } from '../support/witness';

const SEED = Number(process.env['SEED'] ?? 2009);
/** Of each of the two. */
const KILLS = Number(process.env['KILLS'] ?? 4);

/** `bulk` only makes the steps last. */
const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE);
  CREATE TABLE visit (id INTEGER PRIMARY KEY, member INTEGER REFERENCES member ON DELETE CASCADE, note TEXT);
  CREATE TABLE bulk (id INTEGER PRIMARY KEY, text TEXT);
  INSERT INTO member VALUES (1, 'a', 'm1'), (2, 'b', 'm2'), (3, 'c', NULL);
  INSERT INTO visit VALUES (1, 1, 'x'), (2, 2, 'y');`;

const SITES = ['lyon', 'paris'];
const BULK = 300;
const ALL_WELL = { hub: 0, lyon: 0, paris: 0 };
const PARTIAL = 2;

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await CommandLine.build();
});
afterAll(() => commandLine.end());

function statement(random: Random): string {
  const id = String(1 + random.below(6));
  const other = String(1 + random.below(6));
  return random.pick([
    `INSERT INTO member VALUES (${id}, '@', 'm${other}')`,
    `UPDATE member SET name = '@' WHERE id = ${id}`,
    `UPDATE member SET mail = 'm${other}', name = '@' WHERE id = ${id}`,
    `DELETE FROM member WHERE id = ${id}`,
    `INSERT INTO visit VALUES (${id}, ${other}, '@')`,
    `INSERT OR REPLACE INTO visit VALUES (${id}, ${other}, '@')`,
    `UPDATE visit SET note = '@' WHERE id = ${id}`,
    `DELETE FROM visit WHERE id = ${id}`,
  ]);
}

/** A company whose application works at random, and what must be true of it after a night. */
class Story {
  readonly witness = new Witness();
  readonly #company: Installations;
  readonly #random: Random;
  #bulk = 0;

  constructor(company: Installations, random: Random) {
    this.#company = company;
    this.#random = random;
  }

  change(count: number): void {
    for (let done = 0; done < count; done += 1) {
      const { name } = this.#company.posts[this.#random.below(this.#company.posts.length)] ?? { name: 'hub' };
      this.witness.run(statement(this.#random), {
        run: (sql) => this.#company.at(name, sql),
        contents: () => this.#valuesAt(name),
      });
    }
  }

  /** Rows of their own, at everyone. */
  addBulk(): void {
    for (const { name } of this.#company.posts) {
      this.#company.at(
        name,
        `WITH RECURSIVE n (i) AS (SELECT ${String(this.#bulk)} UNION ALL SELECT i + 1 FROM n WHERE i < ${String(this.#bulk + BULK - 1)}) ` +
          `INSERT INTO bulk SELECT i, hex(randomblob(40)) FROM n`,
      );
      this.#bulk += BULK;
    }
  }

  expectAlike(what: string): void {
    const hub = this.#company.contents('hub');
    for (const site of SITES) expect(this.#company.contents(site), `${site}: ${what}`).toEqual(hub);
    expect(hub['bulk']?.length, what).toBe(this.#bulk);
  }

  async expectNothingLost(): Promise<void> {
    const journal = await this.#company.json('hub', 'conflicts');
    expect(this.witness.lost([this.#valuesAt('hub'), journal])).toEqual([]);
  }

  #valuesAt(name: string): Record<string, string[]> {
    const { business } = this.#company.post(name);
    return {
      member: business.rows('member', ['id', 'name', 'mail']),
      visit: business.rows('visit', ['id', 'member', 'note']),
    };
  }
}

interface Moment {
  /** Kill after this line of the log, 0: at once. */
  readonly line: number;
  /** Milliseconds after it. */
  readonly delay: number;
}

/** The process ends there, or before by itself. */
async function killAt(victim: Running, { line, delay }: Moment): Promise<void> {
  await Promise.race([
    victim.ended,
    new Promise<void>((resolve) => {
      const kill = (): void => {
        setTimeout(() => {
          victim.kill('SIGKILL');
          resolve();
        }, delay);
      };
      if (line === 0) kill();
      else victim.onLine((_, number) => number === line && kill());
    }),
  ]);
  await victim.ended;
}

describe.concurrent('a power cut at any moment', () => {
  test.each([
    { victim: 'hub', seed: SEED },
    { victim: 'lyon', seed: SEED + 1 },
  ])('of $victim (seed $seed)', { timeout: 60_000 + KILLS * 20_000 }, async ({ victim, seed }) => {
    const random = seededRandom(seed);
    const company = await Installations.open(commandLine, `kill-${victim}`, {
      schema: SCHEMA,
      sites: SITES,
      foreignKeysAt: ['hub', 'lyon'],
      // A session that cannot end well must end, and tell.
      settings: { receptionLimit: '0.5', waitLimit: '0.5', acknowledgementLimit: '0.5' },
    });
    const story = new Story(company, random);
    for (let kill = 0; kill < KILLS; kill += 1) {
      story.addBulk();
      story.change(12);
      const moment = { line: kill % 10, delay: random.below(kill % 10 === 0 ? 600 : 60) };
      const what = `kill ${String(kill)}, line ${String(moment.line)} and ${String(moment.delay)} ms`;
      const running = new Map(company.posts.map(({ name }) => [name, company.start(name, 'sync', '--json')]));
      const killed = running.get(victim);
      if (killed === undefined) throw new Error(`${victim} does not run`);
      await killAt(killed, moment);
      // The others are stopped by hand, or fall with the victim.
      const signal = random.pick<NodeJS.Signals>(['SIGTERM', 'SIGKILL']);
      for (const each of running.values()) each.kill(signal);
      const others = await Promise.all([...running.values()].map(({ ended }) => ended));
      for (const { stderr } of others) expect(stderr, what).not.toMatch(/^ {4}at /m);
      story.change(6);
      const codes = await company.synchronise();
      // A row that is refused beside one the hub had not seen comes with the next session, and the site says so.
      const last = Object.values(codes).includes(PARTIAL) ? await company.synchronise() : codes;
      expect(last, what).toEqual(ALL_WELL);
      story.expectAlike(what);
    }
    await story.expectNothingLost();
    company.close();
  });
});
