import { defineStore } from 'pinia';
import { ref } from 'vue';

export interface Notice {
  readonly id: number;
  readonly kind: 'done' | 'error';
  readonly text: string;
}

/** A fault stays until it is read and closed; good news leaves by itself. */
const DONE_MILLISECONDS = 5000;

export const useNoticesStore = defineStore('notices', () => {
  const notices = ref<Notice[]>([]);
  let lastId = 0;

  function show(kind: Notice['kind'], text: string): void {
    const id = ++lastId;
    notices.value = [...notices.value.filter((notice) => notice.text !== text), { id, kind, text }];
    if (kind === 'done') setTimeout(() => dismiss(id), DONE_MILLISECONDS);
  }

  function dismiss(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }

  return { notices, show, dismiss };
});
