/** The stub's conflict journal: one of each kind that looks different. */
import type { ConflictColumn, ConflictEntry, ConflictQuery, EngineCalls } from '../../../src/engine/contract';
import type { Stub } from './stub';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const HUB = { site: 0, name: 'Strasbourg', at: '2026-11-23T16:12:40Z', present: true };
const LYON = { site: 2, name: 'Lyon', at: '2026-11-23T17:45:03Z', present: true };

const both = (name: string, winner: string, loser = winner): ConflictColumn => ({
  name,
  isKey: name === 'id',
  winner: text(winner),
  loser: text(loser),
  differs: winner !== loser,
});

function journal(): ConflictEntry[] {
  const noted = { site: { number: 2, name: 'Lyon' }, batch: 42, restored: null, reason: null, refused: null };
  return [
    {
      ...noted,
      id: 3,
      at: '2026-11-23T21:02:11Z',
      table: 'Adherents',
      kind: 'update',
      rule: 'newest',
      winner: LYON,
      loser: HUB,
      columns: [
        both('id', '182'),
        both('nom', 'Léa Müller'),
        both('telephone', '06 12 34 56 78', '06 98 76 54 32'),
        {
          name: 'photo',
          isKey: false,
          winner: { type: 'bytes', size: 48_200 },
          loser: { type: 'null' },
          differs: true,
        },
      ],
    },
    {
      ...noted,
      id: 2,
      at: '2026-11-23T21:02:10Z',
      table: 'Adherents',
      kind: 'updateDeleted',
      rule: 'dataWins',
      winner: HUB,
      loser: { ...LYON, present: false },
      columns: [
        both('id', '97'),
        { name: 'nom', isKey: false, winner: text('Jean Petit'), loser: null, differs: true },
      ],
    },
    {
      ...noted,
      id: 1,
      at: '2026-11-20T21:02:10Z',
      table: 'Reglements',
      kind: 'refused',
      rule: 'refused',
      reason: 'foreignKey',
      refused: { outcome: 'waiting', at: null },
      winner: { ...HUB, at: null, present: false },
      loser: LYON,
      columns: [
        both('id', '5120'),
        {
          name: 'montant',
          isKey: false,
          winner: null,
          loser: { type: 'number', text: '45.5' },
          differs: true,
        },
      ],
    },
  ];
}

type Calls = Pick<EngineCalls, 'conflicts' | 'restoreConflict' | 'retryRefused'>;

export function conflictCalls({ options, events }: Stub): Calls {
  let entries = options.role === null || options.noConflicts === true ? [] : journal();
  const waits = ({ refused }: ConflictEntry): boolean => refused?.outcome === 'waiting';
  return {
    conflicts: (query) => {
      const found = entries.filter((entry) => isFound(entry, query));
      const { limit, offset = 0 } = query;
      const tables = [...new Set(entries.map(({ table }) => table))].sort();
      const waiting = entries.filter(waits).length;
      return Promise.resolve({
        entries: found.slice(offset, offset + limit),
        total: found.length,
        waiting,
        tables,
      });
    },
    restoreConflict: (id, which) => {
      const restored = { which, at: '2026-11-24T09:30:00Z', by: 'accueil' };
      entries = entries.map((entry) => (entry.id === id ? { ...entry, restored } : entry));
      events.conflictsChanged();
      return Promise.resolve();
    },
    retryRefused: () => {
      const passed = entries.filter(waits).length;
      const refused = { outcome: 'passed', at: '2026-11-24T09:30:00Z' } as const;
      entries = entries.map((entry) => (waits(entry) ? { ...entry, refused } : entry));
      events.conflictsChanged();
      return Promise.resolve({ passed, overtaken: 0, waiting: 0 });
    },
  };
}

function isFound(entry: ConflictEntry, { text: part = '', table, kind, from, to }: ConflictQuery): boolean {
  const at = Date.parse(entry.at);
  return (
    JSON.stringify(entry.columns).toLowerCase().includes(part.toLowerCase()) &&
    (table === undefined || entry.table === table) &&
    (kind === undefined || entry.kind === kind) &&
    (from === undefined || at >= Date.parse(from)) &&
    (to === undefined || at < Date.parse(to))
  );
}
