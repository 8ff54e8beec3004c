import { join } from 'node:path';
import company from './company.json';

/** The head office or a gym, and where its things lie. */
export interface Place {
  /** 0 for the head office; a gym's is also its number in the synchronisation. */
  readonly number: number;
  readonly name: string;
  readonly role: 'hub' | 'site';
  /** The data folder of its installation. */
  readonly folder: string;
  /** Its copy of the company's database. */
  readonly database: string;
  /** Its printable report, once it has synchronised. */
  readonly page: string;
}

/** The four places of the demo, the head office first. */
export function placesIn(folder: string): Place[] {
  return company.establishments.map(({ slug, name }, number) => ({
    number,
    name,
    role: number === 0 ? 'hub' : 'site',
    folder: join(folder, slug),
    database: join(folder, 'bases', `${slug}.db`),
    page: join(folder, 'rapports', `${slug}.html`),
  }));
}
