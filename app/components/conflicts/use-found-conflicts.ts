import { computed, reactive } from 'vue';
import type { ConflictEntry, ConflictPage, ConflictQuery } from '../../../src/engine/contract';
import { useActions } from '../../composables/use-actions';
import { useBridge } from '../../composables/use-bridge';
import { usePages } from '../../composables/use-pages';
import { useEngineStore } from '../../stores/engine';
import { ALWAYS, instantsOf, type Period } from '../period';

const PAGE = 50;

const NOTHING: ConflictPage = { entries: [], total: 0, waiting: 0, tables: [] };

export interface ConflictFilter {
  text: string;
  table: string | null;
  kind: ConflictEntry['kind'] | null;
  period: Period;
}

/** The conflicts that the filter finds, kept as they are now. */
export function useFoundConflicts(first: Partial<ConflictFilter>) {
  const bridge = useBridge();
  const { run } = useActions();
  const engine = useEngineStore();
  const filter = reactive<ConflictFilter>({ text: '', table: null, kind: null, period: ALWAYS, ...first });

  const query = computed<Omit<ConflictQuery, 'limit'>>(() => ({
    text: filter.text,
    ...(filter.table === null ? {} : { table: filter.table }),
    ...(filter.kind === null ? {} : { kind: filter.kind }),
    ...instantsOf(filter.period),
  }));

  const pages = usePages({
    nothing: NOTHING,
    size: PAGE,
    query,
    version: () => engine.conflictsVersion,
    ask: (limit) => run(() => bridge.engine.conflicts({ ...query.value, limit })),
  });

  return { filter, ...pages };
}
