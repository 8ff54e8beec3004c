import { defineStore } from 'pinia';
import { ref } from 'vue';

/** What the user is asked about the session before it is done: from a screen, the tray, or on the way out. */
export type Question = 'manual' | 'stop' | 'quit';

export const useQuestionsStore = defineStore('questions', () => {
  const open = ref<Question | null>(null);

  function ask(question: Question): void {
    open.value = question;
  }

  function close(): void {
    open.value = null;
  }

  return { open, ask, close };
});
