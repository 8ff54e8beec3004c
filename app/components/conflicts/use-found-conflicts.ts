import { computed, reactive, shallowRef, watch } from 'vue';
import type { ConflictEntry, ConflictPage, ConflictQuery } from '../../../src/engine/contract';
import { useActions } from '../../composables/use-actions';
import { useBridge } from '../../composables/use-bridge';
import { useEngineStore } from '../../stores/engine';
import { ALWAYS, instantsOf, type Period } from '../period';

const PAGE = 50;

const NOTHING: ConflictPage = { entries: [], total: 0, tables: [] };

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
  const found = shallowRef<ConflictPage>(NOTHING);
  /** False until the first answer: an empty list is no news before it. */
  const known = shallowRef(false);
  let shown = PAGE;
  let asked = 0;

  const query = computed<Omit<ConflictQuery, 'limit'>>(() => ({
    text: filter.text,
    ...(filter.table === null ? {} : { table: filter.table }),
    ...(filter.kind === null ? {} : { kind: filter.kind }),
    ...instantsOf(filter.period),
  }));

  async function load(): Promise<void> {
    const question = ++asked;
    const page = await run(() => bridge.engine.conflicts({ ...query.value, limit: shown }));
    // Another question was asked while this one was on its way.
    if (question !== asked || page === null) return;
    found.value = page;
    known.value = true;
  }

  async function loadMore(): Promise<void> {
    shown += PAGE;
    await load();
  }

  watch(query, () => {
    shown = PAGE;
    return load();
  });
  watch(() => engine.conflictsVersion, load);

  return { filter, found, known, load, loadMore };
}
