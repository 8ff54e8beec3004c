import company from './company.json';
import { Application } from './application';
import { dateBefore } from './calendar';
import { createRandom, type Random } from './random';
import { enrol, visit } from './reception';
import { SCHEMA } from './schema';
import { sell, subscribe, type Till } from './till';

const MEMBERS = 1_500;
const SUBSCRIPTIONS = 1_700;
const VISITS = 5_500;
const SALES = 1_000;
/** Members who only asked for a trial: they have nothing yet. They are the last ones. */
const PROSPECTS = 30;
/** Products that are sold no more and never were: the last ones. */
const DISCONTINUED = 6;
/** Two years of trade. */
const HISTORY = 730;
const GYMS = [1, 2, 3] as const;

/** Makes the database that the head office and every gym start from, some 20,000 rows. Returns their number. */
export function buildBase(path: string, seed: number): number {
  const application = new Application(path, 0);
  application.script('PRAGMA journal_mode = WAL');
  application.script(SCHEMA);
  const random = createRandom(seed);
  application.transaction(() => {
    addEstablishments(application);
    const products = addProducts(application, random);
    const members = addMembers(application, random);
    addHistory(application, random, members, products);
  });
  const { inserted } = application.counts;
  application.close();
  return inserted;
}

function addEstablishments(application: Application): void {
  company.establishments.forEach(({ name, postcode, city }, id) =>
    application.insert('establishments', { id, name, postcode, city }),
  );
}

/** Every product in every variant, and its stock at each establishment. Returns those that are on sale. */
function addProducts(application: Application, random: Random): number[] {
  const articles = company.products.flatMap((product) =>
    company.variants.map((variant) => ({ ...product, name: `${product.name} – ${variant}` })),
  );
  const ids = articles.map(({ name, category, price, vat }, at) => {
    const discontinued = at >= articles.length - DISCONTINUED;
    const product = application.insertNew('products', {
      reference: `${category.slice(0, 3).toUpperCase()}-${String(at + 1).padStart(4, '0')}`,
      name,
      category,
      price,
      vat_rate: vat,
      discontinued: discontinued ? 1 : 0,
    });
    company.establishments.forEach((_, establishment) => {
      application.insert('stock', {
        product_id: product,
        establishment_id: establishment,
        quantity: discontinued ? 0 : random.between(60, 200),
        counted_on: random.chance(70) ? dateBefore(random.between(1, 60)) : null,
      });
    });
    return product;
  });
  return ids.slice(0, -DISCONTINUED);
}

/** Returns those who have a subscription. */
function addMembers(application: Application, random: Random): number[] {
  const members = Array.from({ length: MEMBERS }, () =>
    enrol(tillOf(application, random, random.between(30, HISTORY))),
  );
  return members.slice(0, -PROSPECTS);
}

function addHistory(
  application: Application,
  random: Random,
  members: readonly number[],
  products: readonly number[],
): void {
  const till = (): Till => tillOf(application, random, random.between(2, HISTORY));
  for (let count = 0; count < SUBSCRIPTIONS; count += 1) {
    subscribe(till(), members[count] ?? random.pick(members));
  }
  for (let count = 0; count < VISITS; count += 1) visit(till(), random.pick(members), random.chance(1));
  for (let count = 0; count < SALES; count += 1) {
    sell(till(), random.chance(75) ? random.pick(members) : null, products);
  }
}

const tillOf = (application: Application, random: Random, daysAgo: number): Till => ({
  application,
  random,
  establishment: random.pick(GYMS),
  daysAgo,
});
