import { localeContextKey } from 'element-plus';
import en from 'element-plus/es/locale/lang/en';
import fr from 'element-plus/es/locale/lang/fr';
import { computed, provide, watchEffect } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Language } from '../bridge';
import { usePreferencesStore } from '../stores/preferences';

const ELEMENT_TEXTS = { fr, en };

/** Puts the chosen theme and language on the page, now and at each change. */
export function useAppearance(): void {
  const preferences = usePreferencesStore();
  const { locale } = useI18n<[], Language>({ useScope: 'global' });

  provide(
    localeContextKey,
    computed(() => ELEMENT_TEXTS[preferences.current.language]),
  );

  watchEffect(() => {
    document.documentElement.classList.toggle('dark', preferences.dark);
    document.documentElement.lang = preferences.current.language;
    locale.value = preferences.current.language;
  });

  window.addEventListener('keydown', (event) => {
    if (event.key !== 'F11') return;
    event.preventDefault();
    preferences.change({ kiosk: !preferences.current.kiosk });
  });
}
