import { defineStore } from 'pinia';
import { ref } from 'vue';

export type ScreenName = 'progress' | 'reports';

export const useNavigationStore = defineStore('navigation', () => {
  const screen = ref<ScreenName>('progress');
  /** The report on the screen of reports; null: the newest. */
  const reportId = ref<string | null>(null);

  function openReport(id: string | null): void {
    reportId.value = id;
    screen.value = 'reports';
  }

  function openProgress(): void {
    screen.value = 'progress';
  }

  return { screen, reportId, openReport, openProgress };
});
