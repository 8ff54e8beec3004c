/** What a place's own application sees: every table, row by row as text. */
export type Contents = Readonly<Record<string, readonly string[]>>;

/**
 * Watches what the company's application does, and which of its values it took away itself, having them before its eyes.
 * Each value is written once only: `v17.` marks it.
 */
export class Witness {
  readonly #committed = new Set<string>();
  readonly #overwritten = new Set<string>();
  #count = 0;

  /**
   * Runs a statement of the application, each `@` in it standing for a new value. False where the database refused it:
   * the application would tell its user.
   */
  run(
    sql: string,
    place: { readonly run: (sql: string) => void; readonly contents: () => Contents },
  ): boolean {
    const before = valuesIn(JSON.stringify(place.contents()));
    // Each place gets a value of its own: one that stands in two columns would be taken away column by column.
    const written = sql.replaceAll('@', () => `v${String((this.#count += 1))}.`);
    try {
      place.run(written);
    } catch {
      return false;
    }
    const after = valuesIn(JSON.stringify(place.contents()));
    for (const value of after) this.#committed.add(value);
    for (const value of before) if (!after.has(value)) this.#overwritten.add(value);
    return true;
  }

  /** A place has burnt down: what is not in `left` is gone with it, and nobody can be asked for it. */
  perish(left: string): void {
    const there = valuesIn(left);
    for (const value of this.#committed) if (!there.has(value)) this.#overwritten.add(value);
  }

  /** Values that were committed, that nobody who saw them took away, and that `kept` does not hold: must be none. */
  lost(kept: unknown): string[] {
    const there = valuesIn(
      JSON.stringify(kept, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
    return [...this.#committed].filter((value) => !there.has(value) && !this.#overwritten.has(value));
  }
}

const valuesIn = (text: string): ReadonlySet<string> => new Set(text.match(/v\d+\./g));
