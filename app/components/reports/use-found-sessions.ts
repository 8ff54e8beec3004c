import { computed, reactive } from 'vue';
import type { HistoryPage, HistoryQuery } from '../../../src/engine/contract';
import type { SessionState } from '../../../src/report/report';
import { useActions } from '../../composables/use-actions';
import { usePages } from '../../composables/use-pages';
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

  const query = computed<Omit<HistoryQuery, 'limit'>>(() => ({
    text: filter.text,
    states: filter.state === null ? [] : [filter.state],
    ...instantsOf(filter.period),
  }));

  const pages = usePages({
    nothing: NOTHING,
    size: PAGE,
    query,
    version: () => engine.historyVersion,
    ask: (limit) => history({ ...query.value, limit }),
  });

  return { filter, query, ...pages };
}
