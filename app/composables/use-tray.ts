import { computed, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import type { TrayView, Wish } from '../bridge';
import { useEngineStore } from '../stores/engine';
import { useNavigationStore } from '../stores/navigation';
import { useQuestionsStore } from '../stores/questions';
import { useBridge } from './use-bridge';
import { useFormat } from './use-format';
import { useMessage } from './use-message';

/** Keeps the icon beside the clock like the screen, and does what is asked there. Returns what does it. */
export function useTray(): (wish: Wish) => void {
  const bridge = useBridge();
  const engine = useEngineStore();
  const navigation = useNavigationStore();
  const questions = useQuestionsStore();
  const { t } = useI18n();
  const { dateTime, departure } = useFormat();
  const { message } = useMessage();

  const running = computed(() => engine.overview !== null && engine.overview.session !== null);

  const view = computed<TrayView | null>(() => {
    const { overview, state } = engine;
    if (overview === null) return null;
    const alive = state === 'running';
    const last = overview.lastSynchronisation;
    const next = overview.configured?.nextDeparture ?? null;
    const lines = [
      t('tray.name'),
      alive ? message(overview.verdict) : t(`screen.${engine.loss}.title`),
      last === null ? t('tray.lastNever') : t('tray.last', { date: dateTime(last) }),
      next === null ? t('tray.nextNever') : t('tray.next', { date: departure(next) }),
    ];
    return {
      level: alive ? overview.verdict.level : 'bad',
      tooltip: lines.join('\n'),
      canStart: alive && overview.configured !== null && !running.value,
      hasReport: overview.last !== null,
    };
  });

  watch(
    view,
    (shown) => {
      if (shown !== null) bridge.showInTray(shown);
    },
    { immediate: true },
  );

  const wishes: Record<Wish, () => void> = {
    synchronise() {
      bridge.show();
      questions.ask('manual');
    },
    lastReport() {
      bridge.show();
      void navigation.openReport(engine.overview?.last?.id ?? null);
    },
    quit: () => void quit(),
  };

  async function quit(): Promise<void> {
    // A service goes on without this window.
    const ends = running.value && engine.host === 'window';
    if (ends || navigation.leaveGuard !== null) bridge.show();
    if (!(await navigation.mayLeave())) return;
    if (ends) questions.ask('quit');
    else bridge.quit();
  }

  return (wish) => wishes[wish]();
}
