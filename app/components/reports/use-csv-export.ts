import { useI18n } from 'vue-i18n';
import type { CsvWords, HistoryQuery } from '../../../src/engine/contract';
import { useActions } from '../../composables/use-actions';
import { useBridge } from '../../composables/use-bridge';
import { askWhereToSave } from '../../composables/file-dialog';
import { useNoticesStore } from '../../stores/notices';

/** Saves all the sessions that a query finds as a file for a spreadsheet. */
export function useCsvExport() {
  const { t } = useI18n();
  const bridge = useBridge();
  const notices = useNoticesStore();
  const { run } = useActions();

  async function exportCsv(query: HistoryQuery): Promise<void> {
    const file = await askWhereToSave(`${t('reports.csv.file')}.csv`);
    if (file === null) return;
    const saved = await run(async () => {
      await bridge.saveText(file, await bridge.engine.exportHistory(query, words()));
      return true;
    });
    if (saved === true) notices.show('done', t('paper.saved', { file }));
  }

  function words(): CsvWords {
    const state = (name: keyof CsvWords['states']): string => t(`reports.state.${name}`);
    const trigger = (name: keyof CsvWords['triggers']): string => t(`report.triggerValue.${name}`);
    return {
      headings: [
        t('field.start'),
        t('field.end'),
        t('reports.csv.seconds'),
        t('field.state'),
        t('report.trigger'),
        t('reports.csv.rowsSent'),
        t('reports.csv.rowsReceived'),
        t('reports.csv.bytesSent'),
        t('reports.csv.bytesReceived'),
        t('report.column.conflicts'),
        t('reports.csv.warnings'),
      ],
      states: {
        running: state('running'),
        ok: state('ok'),
        warnings: state('warnings'),
        partial: state('partial'),
        idle: state('idle'),
        stopped: state('stopped'),
        failed: state('failed'),
      },
      triggers: { schedule: trigger('schedule'), manual: trigger('manual'), request: trigger('request') },
    };
  }

  return { exportCsv };
}
