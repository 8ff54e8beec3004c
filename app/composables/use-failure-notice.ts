import { watch } from 'vue';
import { useI18n } from 'vue-i18n';
import type { HistoryLine } from '../../src/report/report';
import icon from '../../assets/icon.svg';
import { useEngineStore } from '../stores/engine';
import { useNavigationStore } from '../stores/navigation';
import { useBridge } from './use-bridge';
import { useFormat } from './use-format';
import { useMessage } from './use-message';

/** Sessions of which someone should know who is not looking at the window. */
const TOLD = ['failed', 'partial', 'idle'] as const;

/** Shows a notification of the desktop when a session has ended badly, or the engine has. A click opens the report. */
export function useFailureNotice(): void {
  const engine = useEngineStore();
  const navigation = useNavigationStore();
  const bridge = useBridge();
  const { t } = useI18n();
  const { message } = useMessage();
  const { dateTime } = useFormat();

  function show(title: string, body: string, open: () => void): void {
    const notification = new Notification(title, { body, icon });
    notification.onclick = () => {
      bridge.show();
      open();
    };
  }

  function tell(last: HistoryLine): void {
    const state = TOLD.find((told) => told === last.state);
    if (state === undefined || engine.overview === null) return;
    const body = `${message(engine.overview.verdict)}\n${dateTime(last.startedAt)}`;
    show(t(`tray.notice.${state}`), body, () => void navigation.openReport(last.id));
  }

  watch(
    () => engine.overview,
    (now, before) => {
      // What had ended before this window was there is no news.
      if (before === null || now === null || now.last === null || now.last.id === before.last?.id) return;
      tell(now.last);
    },
  );
  watch(
    () => engine.state,
    (state) => {
      if (state !== 'stopped') return;
      show(t(`screen.${engine.loss}.title`), t(`screen.${engine.loss}.text`), () => undefined);
    },
  );
}
