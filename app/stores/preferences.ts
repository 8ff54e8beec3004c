import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { useBridge } from '../composables/use-bridge';
import type { Preferences } from '../bridge';

/** What the user chose for this window. The background page keeps it; a change is seen at once. */
export const usePreferencesStore = defineStore('preferences', () => {
  const bridge = useBridge();
  const current = shallowRef(bridge.preferences);

  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const systemIsDark = ref(system.matches);
  system.addEventListener('change', (event) => {
    systemIsDark.value = event.matches;
  });

  const dark = computed(() =>
    current.value.theme === 'system' ? systemIsDark.value : current.value.theme === 'dark',
  );

  function change(changes: Partial<Preferences>): void {
    bridge.setPreferences(changes);
    current.value = bridge.preferences;
  }

  return { current, dark, change };
});
