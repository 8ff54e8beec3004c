import { useI18n } from 'vue-i18n';
import type { HistoryQuery } from '../../src/engine/contract';
import { useEngineStore } from '../stores/engine';
import { useNoticesStore } from '../stores/notices';
import { useBridge } from './use-bridge';
import { isCallError, useMessage } from './use-message';

/** What the buttons do. A refusal becomes a sentence on the screen. */
export function useActions() {
  const { t } = useI18n();
  const { error } = useMessage();
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

  return {
    run,
    start: () => run(() => bridge.engine.startSession()),
    stop: () => run(() => bridge.engine.stopSession()),
    reset: () => runAndTell(() => bridge.engine.resetTimers(), 'dialog.done.reset'),
    clearLog: () =>
      run(async () => {
        await bridge.engine.clearLog();
        store.emptyLog();
      }),
    clearBlocked: () => runAndTell(() => bridge.engine.clearBlockedAddresses(), 'dialog.done.blockedCleared'),
    test: () => run(() => bridge.engine.test()),
    history: (query: HistoryQuery) => run(() => bridge.engine.history(query)),
    report: (id: string) => run(() => bridge.engine.report(id)),
    restartEngine: () => bridge.restartEngine(),
    hide: () => bridge.hide(),
  };
}
