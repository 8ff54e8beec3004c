import { useI18n } from 'vue-i18n';
import type { HistoryQuery } from '../../src/engine/contract';
import { useEngineStore } from '../stores/engine';
import { useNoticesStore } from '../stores/notices';
import { useFormat } from './use-format';
import { useBridge } from './use-bridge';
import { isCallError, useMessage } from './use-message';

/** What the buttons do. A refusal becomes a sentence on the screen. */
export function useActions() {
  const { t } = useI18n();
  const { error } = useMessage();
  const { minute } = useFormat();
  const bridge = useBridge();
  const store = useEngineStore();
  const notices = useNoticesStore();

  /** Runs a call; null when it was refused, which the user has then been told. */
  async function run<Result>(call: () => Promise<Result>): Promise<Result | null> {
    try {
      return await call();
    } catch (thrown) {
      console.error(thrown);
      // The banner of the stopped engine says it already.
      if (!isCallError(thrown) || thrown.code !== 'engineStopped') notices.show('error', error(thrown));
      return null;
    }
  }

  async function runAndTell(call: () => Promise<unknown>, done: string): Promise<void> {
    const finished = await run(async () => {
      await call();
      return true;
    });
    if (finished === true) notices.show('done', t(done));
  }

  /** Tells until when the session now waits: null where it waits for nothing. */
  async function reset(): Promise<void> {
    const answer = await run(async () => ({ deadline: await bridge.engine.resetTimers() }));
    if (answer === null) return;
    const { deadline } = answer;
    notices.show(
      'done',
      deadline === null ? t('dialog.done.reset') : t('dialog.done.resetUntil', { time: minute(deadline) }),
    );
  }

  return {
    run,
    runAndTell,
    start: () => run(() => bridge.engine.startSession()),
    stop: () => run(() => bridge.engine.stopSession()),
    reset,
    clearLog: () =>
      run(async () => {
        await bridge.engine.clearLog();
        store.emptyLog();
      }),
    clearBlocked: () => runAndTell(() => bridge.engine.clearBlockedAddresses(), 'dialog.done.blockedCleared'),
    test: () => run(() => bridge.engine.test()),
    stopTest: () => run(() => bridge.engine.stopTest()),
    history: (query: HistoryQuery) => run(() => bridge.engine.history(query)),
    report: (id: string) => run(() => bridge.engine.report(id)),
    information: (host: Readonly<Record<string, string>>) => run(() => bridge.engine.information(host)),
    restartEngine: () => bridge.restartEngine(),
    hide: () => bridge.hide(),
    quit: () => bridge.quit(),
    copy: (text: string, done: string) => {
      bridge.copyText(text);
      notices.show('done', t(done));
    },
  };
}
