import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Overview } from '../../src/engine/contract';
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

  /** Takes over what was changed in the settings; what was chosen in this window since then stays otherwise. */
  function adopt(settings: Overview['preferences']): void {
    const { theme, language, kiosk, startHidden } = settings;
    const adopted = JSON.stringify({ theme, language, kiosk, startHidden });
    if (adopted !== current.value.adopted) change({ theme, language, kiosk, startHidden, adopted });
  }

  return { current, dark, change, adopt };
});
