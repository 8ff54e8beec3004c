/** The stub's comparison with the head office: one table differs until it is repaired. */
import type { Comparison, DifferingRow, EngineCalls, TableComparison } from '../../../src/engine/contract';
import type { Stub } from './stub';

const text = (value: string): { type: 'text'; text: string } => ({ type: 'text', text: value });
const number = (value: string): { type: 'number'; text: string } => ({ type: 'number', text: value });

const CHANGED: DifferingRow = {
  id: 'changed',
  presentHere: true,
  presentAtHub: true,
  columns: [
    { name: 'id', isKey: true, here: number('182'), hub: number('182'), differs: false },
    { name: 'nom', isKey: false, here: text('Le Goff'), hub: text('Le Goff'), differs: false },
    { name: 'telephone', isKey: false, here: text('06 12 34 56 78'), hub: { type: 'null' }, differs: true },
    { name: 'ville', isKey: false, here: text('Lyon'), hub: text('Strasbourg'), differs: true },
  ],
};
const MISSING: DifferingRow = {
  id: 'missing',
  presentHere: false,
  presentAtHub: true,
  columns: [
    { name: 'id', isKey: true, here: number('97'), hub: number('97'), differs: false },
    { name: 'nom', isKey: false, here: null, hub: text('Müller'), differs: true },
  ],
};

const EQUAL = { state: 'equal', reason: null, different: 0, shown: [] } as const;

function tables(shown: readonly DifferingRow[]): TableComparison[] {
  const line =
    shown.length === 0 ? EQUAL : ({ ...EQUAL, state: 'differs', different: shown.length, shown } as const);
  return [
    { ...line, table: 'Adherents', rowsHere: 24_310, rowsAtHub: 24_311, inFlight: 3 },
    { ...EQUAL, table: 'Clubs', rowsHere: 212, rowsAtHub: 212, inFlight: 0 },
    {
      ...EQUAL,
      table: 'Tarifs',
      state: 'incomparable',
      reason: 'schema',
      rowsHere: 0,
      rowsAtHub: 0,
      inFlight: 0,
    },
  ];
}

export function compareCalls({
  events,
  options,
}: Stub): Pick<EngineCalls, 'compare' | 'repair' | 'stopComparison'> {
  let rows: readonly DifferingRow[] = [CHANGED, MISSING];
  let stop: () => void = () => undefined;
  return {
    compare: async () => {
      events.comparing({ table: 'Adherents', done: 0, tables: 3, rows: 12_288 });
      if (options.hold === true) await new Promise<void>((resolve) => (stop = resolve));
      events.comparing(null);
      return { at: '2026-11-24T09:30:00.000Z', tables: tables(rows) } satisfies Comparison;
    },
    repair: ({ rows: chosen }) => {
      const before = rows.length;
      rows = chosen === undefined ? [] : rows.filter(({ id }) => !chosen.includes(id));
      return Promise.resolve({ tables: [{ table: 'Adherents', repaired: before - rows.length, left: 0 }] });
    },
    stopComparison: () => {
      stop();
      return Promise.resolve();
    },
  };
}
