import company from './company.json';
import type { Application } from './application';
import { dateBefore, timeBefore } from './calendar';
import { DISPUTED_MEMBER, DISPUTED_PRODUCT, SHARED_MEMBER } from './disputes';
import { makePhoto } from './photo';
import { enrol, phoneNumber, streetAddress, visit } from './reception';
import { cancelSale, sell, subscribe, type Till } from './till';

const NEW_MEMBERS = 24;
const VISITS = 190;
const STILL_TRAINING = 12;
const SALES = 70;
const RENEWALS = 20;
const MOVES = 25;

/** A gym welcomes, sells, corrects and cancels, among its own members alone. */
export function gymDay(till: Till): void {
  const { application, random, establishment } = till;
  const members = application.numbers(
    `SELECT id FROM members WHERE establishment_id = ? AND id NOT IN (?, ?)
        AND EXISTS (SELECT * FROM subscriptions WHERE member_id = members.id) ORDER BY id`,
    establishment,
    DISPUTED_MEMBER,
    SHARED_MEMBER,
  );
  const products = application.numbers('SELECT id FROM products WHERE NOT discontinued ORDER BY id');
  for (let count = 0; count < NEW_MEMBERS; count += 1) {
    const member = enrol(till);
    subscribe(till, member);
    visit(till, member);
  }
  for (let count = 0; count < VISITS; count += 1) visit(till, random.pick(members), count < STILL_TRAINING);
  for (let count = 0; count < SALES; count += 1) {
    sell(till, random.chance(75) ? random.pick(members) : null, products);
  }
  for (let count = 0; count < RENEWALS; count += 1) subscribe(till, random.pick(members));
  correctMembers(till, members);
  cancel(till);
}

function correctMembers({ application, random, establishment }: Till, members: readonly number[]): void {
  for (let count = 0; count < MOVES; count += 1) {
    application.update(
      'UPDATE members SET address = ?, phone = ?, birth_date = NULL WHERE id = ?',
      streetAddress(random),
      phoneNumber(random),
      random.pick(members),
    );
  }
  for (let count = 0; count < 5; count += 1) {
    application.update('UPDATE members SET photo = ? WHERE id = ?', makePhoto(random), random.pick(members));
  }
  application.update(
    'UPDATE visits SET left_at = ? WHERE left_at IS NULL AND establishment_id = ? AND entered_at < ?',
    timeBefore(1, 22 * 60),
    establishment,
    dateBefore(1),
  );
  application.update(
    'UPDATE subscriptions SET cancelled_on = ? WHERE id = (SELECT max(id) FROM subscriptions WHERE member_id = ?)',
    dateBefore(0),
    random.pick(members),
  );
}

/** A sale taken back, cards read twice at the door, people who never came back after their trial. */
function cancel(till: Till): void {
  const { application, establishment } = till;
  const own = 'WHERE establishment_id = ? AND date(sold_at) < ? ORDER BY sold_at DESC, id LIMIT 2';
  for (const sale of application.numbers(`SELECT id FROM sales ${own}`, establishment, dateBefore(0))) {
    cancelSale(till, sale);
  }
  application.delete(
    `DELETE FROM visits WHERE id IN (SELECT id FROM visits WHERE establishment_id = ? AND left_at IS NOT NULL
        AND entered_at < ? ORDER BY entered_at DESC, id LIMIT 5)`,
    establishment,
    dateBefore(1),
  );
  application.delete(
    `DELETE FROM members WHERE id IN (SELECT id FROM members WHERE establishment_id = ? AND id NOT IN
        (SELECT member_id FROM subscriptions) ORDER BY id LIMIT 4)`,
    establishment,
  );
}

/** The head office sets prices, buys and sells no more, and does the accounts. */
export function headOfficeDay({ application, random }: Till): void {
  application.update(
    'UPDATE products SET price = round(price * 1.05, 2) WHERE category = ? AND id <> ?',
    company.products[0]?.category ?? '',
    DISPUTED_PRODUCT,
  );
  application.update(
    'UPDATE stock SET quantity = quantity + ? WHERE establishment_id = 0',
    random.between(10, 40),
  );
  application.update(
    `UPDATE accounting_entries SET reconciled_on = ? WHERE id IN
        (SELECT id FROM accounting_entries WHERE reconciled_on IS NULL ORDER BY entry_date, id LIMIT 400)`,
    dateBefore(0),
  );
  application.delete(
    `DELETE FROM visits WHERE id IN
        (SELECT id FROM visits WHERE left_at IS NOT NULL ORDER BY entered_at, id LIMIT 150)`,
  );
  application.delete('DELETE FROM stock WHERE product_id IN (SELECT id FROM products WHERE discontinued)');
  application.delete('DELETE FROM products WHERE discontinued');
  addNovelties(application);
}

function addNovelties(application: Application): void {
  company.novelties.forEach(({ reference, name, category, vat, price }) => {
    const product = application.insertNew('products', { reference, name, category, price, vat_rate: vat });
    company.establishments.forEach((_, establishment) => {
      application.insert('stock', { product_id: product, establishment_id: establishment, quantity: 24 });
    });
  });
}
