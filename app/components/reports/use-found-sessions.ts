import { computed, reactive, shallowRef, watch } from 'vue';
import type { HistoryPage, HistoryQuery } from '../../../src/engine/contract';
import type { SessionState } from '../../../src/report/report';
import { useActions } from '../../composables/use-actions';
import { useEngineStore } from '../../stores/engine';
import { ALWAYS, instantsOf, type Period } from '../period';

/** Three months of nightly sessions; more on demand. */
const PAGE = 100;

const NOTHING: HistoryPage = { lines: [], total: 0 };

export interface SessionFilter {
  text: string;
  period: Period;
  state: SessionState | null;
}

/** The sessions that the filter finds, kept as they are now. */
export function useFoundSessions() {
  const { history } = useActions();
  const engine = useEngineStore();
  const filter = reactive<SessionFilter>({ text: '', period: ALWAYS, state: null });
  const found = shallowRef<HistoryPage>(NOTHING);
  /** False until the first answer: an empty list is no news before it. */
  const known = shallowRef(false);
  let shown = PAGE;
  let asked = 0;

  const query = computed<Omit<HistoryQuery, 'limit'>>(() => ({
    text: filter.text,
    states: filter.state === null ? [] : [filter.state],
    ...instantsOf(filter.period),
  }));

  async function load(): Promise<void> {
    const question = ++asked;
    const page = await history({ ...query.value, limit: shown });
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
  watch(() => engine.historyVersion, load);

  return { filter, query, found, known, load, loadMore };
}
