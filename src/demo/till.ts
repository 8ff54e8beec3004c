import company from './company.json';
import type { Application } from './application';
import { dateBefore, timeBefore } from './calendar';
import type { Random } from './random';

/** Who sells, with what, and how many days ago. */
export interface Till {
  readonly application: Application;
  readonly random: Random;
  readonly establishment: number;
  readonly daysAgo: number;
}

const OPENING = 8 * 60;
const CLOSING = 21 * 60;

export const anyMinute = ({ random }: Till): number => random.between(OPENING, CLOSING);

/** A sale of one to three products, with its payment, its accounting and what it takes from the stock. */
export function sell(till: Till, member: number | null, products: readonly number[]): number {
  const { application, random, establishment, daysAgo } = till;
  const minute = anyMinute(till);
  const lines = Array.from({ length: random.between(1, 3) }, () => {
    const product = random.pick(products);
    const cents = Math.round(application.number('SELECT price FROM products WHERE id = ?', product) * 100);
    return { product, quantity: random.between(1, 3), cents };
  });
  const total = lines.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
  const sale = application.insertNew('sales', {
    establishment_id: establishment,
    member_id: member,
    sold_at: timeBefore(daysAgo, minute),
    total: total / 100,
  });
  lines.forEach(({ product, quantity, cents }, at) => {
    application.insert('sale_lines', {
      sale_id: sale,
      line: at + 1,
      product_id: product,
      quantity,
      unit_price: cents / 100,
    });
    application.update(
      'UPDATE stock SET quantity = quantity - ? WHERE product_id = ? AND establishment_id = ?',
      quantity,
      product,
      establishment,
    );
  });
  takePayment(till, { sale_id: sale, cents: total, account: company.accounts.sales, minute });
  return sale;
}

/** A subscription with its first payment. */
export function subscribe(till: Till, member: number): number {
  const { application, random, daysAgo } = till;
  const plan = random.pick(company.plans);
  const subscription = application.insertNew('subscriptions', {
    member_id: member,
    plan: plan.name,
    starts_on: dateBefore(daysAgo),
    ends_on: dateBefore(daysAgo - plan.months * 30),
    monthly_price: plan.price,
    cancelled_on: null,
  });
  takePayment(till, {
    subscription_id: subscription,
    cents: Math.round(plan.price * 100),
    account: company.accounts.subscriptions,
    minute: anyMinute(till),
  });
  return subscription;
}

interface Payment {
  readonly sale_id?: number;
  readonly subscription_id?: number;
  readonly cents: number;
  /** What is credited: the bank or the cash box is debited. */
  readonly account: string;
  readonly minute: number;
}

function takePayment(till: Till, payment: Payment): void {
  const { application, random, establishment, daysAgo } = till;
  const { sale_id = null, subscription_id = null, cents, account, minute } = payment;
  const method = random.pick(company.methods);
  const id = application.insertNew('payments', {
    establishment_id: establishment,
    sale_id,
    subscription_id,
    method,
    amount: cents / 100,
    paid_at: timeBefore(daysAgo, minute),
  });
  const entry = { payment_id: id, entry_date: dateBefore(daysAgo), reconciled_on: null };
  const debited = method === company.methods[1] ? company.accounts.cash : company.accounts.bank;
  const counterpart = application.insertNew('accounting_entries', {
    ...entry,
    account: debited,
    debit: cents / 100,
  });
  application.insertNew('accounting_entries', {
    ...entry,
    account,
    credit: cents / 100,
    counterpart_id: counterpart,
  });
}

/** Takes a sale back, with all that it brought about, but for the goods: they are on the shelf again. */
export function cancelSale(till: Till, sale: number): void {
  const { application } = till;
  application.update(
    `UPDATE stock SET quantity = stock.quantity + sold.quantity
       FROM (SELECT product_id, sum(quantity) AS quantity FROM sale_lines WHERE sale_id = ? GROUP BY product_id) AS sold
      WHERE sold.product_id = stock.product_id AND stock.establishment_id = ?`,
    sale,
    till.establishment,
  );
  const paid = 'SELECT id FROM payments WHERE sale_id = ?';
  application.delete(
    `DELETE FROM accounting_entries WHERE payment_id IN (${paid}) AND counterpart_id IS NOT NULL`,
    sale,
  );
  application.delete(`DELETE FROM accounting_entries WHERE payment_id IN (${paid})`, sale);
  application.delete('DELETE FROM payments WHERE sale_id = ?', sale);
  application.delete('DELETE FROM sale_lines WHERE sale_id = ?', sale);
  application.delete('DELETE FROM sales WHERE id = ?', sale);
}
