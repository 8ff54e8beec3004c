import type { Business } from './machine/business';

const MOVEMENT = /^UPDATE stock SET count = count \+ (\d+) WHERE id = (\d+)$/;

/** What was put into stock, counted beside the databases: every movement counts everywhere, and once. */
export class Movements {
  readonly #sums = new Map([
    ['1', 0],
    ['2', 0],
  ]);

  /** Notes a statement that somebody committed. */
  note(sql: string): void {
    const [, count = '0', id = ''] = MOVEMENT.exec(sql) ?? [];
    const sum = this.#sums.get(id);
    if (sum !== undefined) this.#sums.set(id, sum + Number(count));
  }

  /** Tells what a place counts wrong. */
  wrongAt(business: Business): string[] {
    const rows = new Map(
      (business.contents()['stock'] ?? []).map((row) => {
        const [count = '', id = ''] = row.split(' ');
        return [id, Number(count)];
      }),
    );
    return [...this.#sums].flatMap(([id, sum]) =>
      rows.get(id) === sum
        ? []
        : [`stock ${id} is ${String(rows.get(id))}, and ${String(sum)} was put there`],
    );
  }
}
