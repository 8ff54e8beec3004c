import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Comparison } from '../../src/engine/contract';

/** The last comparison with the head office: it is still there when one comes back to its screen. */
export const useComparisonStore = defineStore('comparison', () => {
  const result = shallowRef<Comparison | null>(null);
  const running = ref(false);
  return { result, running };
});
