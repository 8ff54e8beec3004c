import { seededRandom } from '../support/random';

/** The synchronisation that the sweep disturbs: a conflict of every kind, a tree of foreign keys, a refused row, many rows. */
export const SITES = ['lyon', 'paris'];

export const SCHEMA = `
  CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE, city TEXT);
  CREATE TABLE category (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES category, label TEXT);
  CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer, total NUMERIC);
  CREATE TABLE line (id INTEGER PRIMARY KEY, invoice INTEGER NOT NULL REFERENCES invoice, category INTEGER REFERENCES category, price REAL);
  CREATE TABLE photo (id INTEGER PRIMARY KEY, bytes BLOB, note TEXT);
  INSERT INTO customer VALUES (1, 'Anne', 'anne', 'Lyon'), (2, 'Bruno', 'bruno', 'Nice'), (3, 'Carole', NULL, 'Paris'),
    (4, 'Denis', 'denis', NULL), (5, 'Elsa', 'elsa', 'Metz'), (6, 'Fabien', 'fabien', 'Metz');
  INSERT INTO category VALUES (1, NULL, 'all'), (2, 1, 'books'), (3, 2, 'poems');
  INSERT INTO invoice VALUES (1, 1, 10), (2, 2, 20), (3, 4, 30);
  INSERT INTO line VALUES (1, 1, 3, 2.5), (2, 1, 2, 7.5), (3, 2, NULL, 20), (4, 3, 1, 30);
  INSERT INTO photo VALUES (1, x'00ff', 'first');`;

/** Of the synchronisation before, so that nothing is at zero. */
export const FIRST_CHANGES: Readonly<Record<string, readonly string[]>> = {
  hub: [`UPDATE category SET label = 'everything' WHERE id = 1`],
  lyon: [
    `INSERT INTO customer VALUES (10, 'Gilles', 'gilles', 'Lyon')`,
    `INSERT INTO invoice VALUES (10, 10, 1)`,
  ],
  paris: [`UPDATE customer SET city = 'Paris' WHERE id = 4`],
};

/** More than a block holds, and than a disk or a line takes at once; no compression makes it small. */
const PHOTOS = 34;
const PHOTO_BYTES = 36_000;
const random = seededRandom(2009);
const photo = (id: number): string => {
  const bytes = Buffer.from(Array.from({ length: PHOTO_BYTES }, () => random.below(256)));
  return `INSERT INTO photo VALUES (${String(id)}, x'${bytes.toString('hex')}', 'photo')`;
};

export const CHANGES: Readonly<Record<string, readonly string[]>> = {
  hub: [
    `UPDATE customer SET name = 'Bruno (hub)' WHERE id = 2`,
    `INSERT INTO category VALUES (4, 2, 'novels')`,
    `INSERT INTO customer VALUES (20, 'Hugo', 'hugo', NULL)`,
  ],
  lyon: [
    ...Array.from({ length: PHOTOS }, (_, at) => photo(1_000 + at)),
    // A whole tree, new; another one gone.
    `INSERT INTO category VALUES (30, 3, 'haiku')`,
    `INSERT INTO customer VALUES (30, 'Irène', 'irene', 'Lyon')`,
    `INSERT INTO invoice VALUES (30, 30, 99.5)`,
    `INSERT INTO line VALUES (30, 30, 30, 99.5)`,
    `DELETE FROM line WHERE id = 3`,
    `DELETE FROM invoice WHERE id = 2`,
    // The same column in Paris, and another column there.
    `UPDATE customer SET name = 'Anne (Lyon)' WHERE id = 1`,
    `UPDATE customer SET city = 'Lyon' WHERE id = 5`,
    // Paris writes an invoice for her.
    `DELETE FROM customer WHERE id = 3`,
    // Paris gives the same mail to another.
    `UPDATE customer SET mail = 'new' WHERE id = 6`,
    // The same key in Paris.
    `INSERT INTO invoice VALUES (40, 1, 1)`,
  ],
  paris: [
    photo(2_000),
    photo(2_001),
    `UPDATE customer SET name = 'Anne (Paris)' WHERE id = 1`,
    `UPDATE customer SET mail = 'elsa2' WHERE id = 5`,
    `INSERT INTO invoice VALUES (50, 3, 12)`,
    `INSERT INTO customer VALUES (51, 'Jean', 'new', 'Paris')`,
    `INSERT INTO invoice VALUES (40, 2, 2)`,
    `UPDATE line SET price = 8 WHERE id = 2`,
    `DELETE FROM photo WHERE id = 1`,
  ],
};
