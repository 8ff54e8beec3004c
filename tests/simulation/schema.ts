import type { Random } from '../support/random';
import type { Business } from './machine/business';

/** Which tables a company has: half of what a session costs is by the table, whatever happens in it. */
export const COMPANIES = ['people', 'things', 'both'] as const;
export type Company = (typeof COMPANIES)[number];

/** A tree of foreign keys with a table that refers to itself, and a unique column. */
const PEOPLE = `
  CREATE TABLE member (
    id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE, note TEXT, boss INTEGER REFERENCES member ON DELETE SET NULL);
  CREATE TABLE visit (
    id INTEGER PRIMARY KEY, member INTEGER REFERENCES member ON DELETE CASCADE ON UPDATE CASCADE, word TEXT);
  INSERT INTO member VALUES (1, 'm1', 'a', NULL, NULL), (2, 'm2', 'b', NULL, 1), (3, 'm3', NULL, 'n', NULL);
  INSERT INTO visit VALUES (1, 1, 'w1'), (2, 2, 'w2');
`;

/** A table with a key of two columns. */
const THINGS = `
  CREATE TABLE setting (place TEXT, name TEXT, value TEXT, PRIMARY KEY (place, name)) WITHOUT ROWID;
  INSERT INTO setting VALUES ('x', 'y', 'z');
`;

/** Every company has one whose column adds up. */
const STOCK = `
  CREATE TABLE stock (id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
  INSERT INTO stock VALUES (1, 0), (2, 0);
`;

export const SCHEMAS: Readonly<Record<Company, string>> = {
  people: PEOPLE + STOCK,
  things: THINGS + STOCK,
  both: PEOPLE + THINGS + STOCK,
};

export const ADDITIVE = { stock: ['count'] };

/** The table that a place can give a column of its own; the second one refers to it, so that both then wait. */
export const GROWING = 'member';
export const WAITING = ['member', 'visit'] as const;
export const ADDED = 'extra';

/** Something is put into stock. */
export const movement = (random: Random): string =>
  `UPDATE stock SET count = count + ${String(1 + random.below(999))} WHERE id = ${String(1 + random.below(2))}`;

/** What somebody does at a place; `@` stands for a value never written before, in one row only. */
export function statement(random: Random, business: Business): string {
  const id = String(1 + random.below(4));
  const other = String(1 + random.below(4));
  const mail = random.pick([`'a'`, `'b'`, `'c'`, 'NULL']);
  const people = [
    `UPDATE member SET name = '@' WHERE id = ${id}`,
    `UPDATE member SET note = '@' WHERE id = ${id}`,
    `UPDATE member SET mail = ${mail} WHERE id = ${id}`,
    `UPDATE member SET boss = ${other} WHERE id = ${id}`,
    `UPDATE member SET id = ${other} WHERE id = ${id}`,
    `UPDATE member SET mail = CASE mail WHEN 'a' THEN 'b' WHEN 'b' THEN 'd' ELSE mail END WHERE id < 3`,
    `INSERT INTO member (id, name, mail, note) VALUES (${id}, '@', ${mail}, '@')`,
    `INSERT INTO member (id, name, mail, boss) VALUES (${id}, '@', ${mail}, ${other})`,
    `INSERT OR REPLACE INTO member (id, name, mail) VALUES (${id}, '@', ${mail})`,
    `DELETE FROM member WHERE id = ${id}`,
    `INSERT INTO visit VALUES (${id}, ${other}, '@')`,
    `UPDATE visit SET word = '@', member = ${other} WHERE id = ${id}`,
    `UPDATE visit SET member = ${id} WHERE member = ${other}`,
    `DELETE FROM visit WHERE id = ${id}`,
  ];
  const things = [
    `INSERT INTO setting VALUES ('p${id}', 'n${other}', '@') ON CONFLICT DO UPDATE SET value = excluded.value`,
    `UPDATE setting SET value = '@' WHERE place = 'p${id}' AND name = 'n${other}'`,
    `UPDATE setting SET name = 'n${id}' WHERE name = 'n${other}'`,
    `DELETE FROM setting WHERE name = 'n${id}'`,
  ];
  const choices: [string, ...string[]] = [
    movement(random),
    ...(business.has('mail') ? people : []),
    ...(business.has('place') ? things : []),
  ];
  if (business.has(ADDED)) choices.push(`UPDATE member SET ${ADDED} = '@' WHERE id = ${id}`);
  return random.pick(choices);
}
