/** Before any clock of a company's machines. */
const FIRST_CLOCK = Date.UTC(2000);

/** As text; null where nobody knows it: changes that the synchronisation notes itself bear next to nothing. */
export const knownTime = (at: number | null): string | null =>
  at === null || at < FIRST_CLOCK ? null : new Date(at).toISOString();
