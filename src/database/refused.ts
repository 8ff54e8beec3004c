/** The life of a row that a database refused: it waits in the journal, and is tried again until one of these ends it. */
export type RefusedOutcome =
  /** The database takes it now. */
  | 'passed'
  /** Its author has changed the row since. */
  | 'superseded'
  /** Somebody else changed the row here since: an entry of its own tells of that conflict. */
  | 'changed';

/** What came of a refused row, and when: milliseconds since 1970, UTC. */
export interface RefusedEnd {
  readonly outcome: RefusedOutcome;
  readonly at: number;
}

/** What the journal knows of a refused row. One that a person put back does not wait any more. */
export type RefusedState = RefusedEnd | { readonly outcome: 'waiting'; readonly at: null };

/** The state of an entry, by what is written of its end; null where it was never refused, or a person put it back. */
export function refusedState(
  { kind, restored }: { readonly kind: string; readonly restored: object | null },
  end: RefusedEnd | null,
): RefusedState | null {
  if (kind !== 'refused') return null;
  if (end !== null) return end;
  return restored === null ? { outcome: 'waiting', at: null } : null;
}
