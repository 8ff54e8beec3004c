import { onUnmounted, ref, watch } from 'vue';
import { useNavigationStore } from '../stores/navigation';
import { useSettingsDraftStore } from '../stores/settings-draft';

export type LeaveAnswer = 'save' | 'discard' | 'stay';

/** Asks before unsaved settings are left behind: `asking` shows the question, `answer` takes what was said. */
export function useLeaveGuard() {
  const navigation = useNavigationStore();
  const store = useSettingsDraftStore();
  const asking = ref(false);
  let settle: ((leave: boolean) => void) | null = null;

  function ask(): Promise<boolean> {
    settle?.(false);
    asking.value = true;
    return new Promise((resolve) => (settle = resolve));
  }

  async function answer(given: LeaveAnswer): Promise<void> {
    asking.value = false;
    const leave = given === 'discard' || (given === 'save' && (await store.save()));
    settle?.(leave);
    settle = null;
  }

  watch(
    () => store.dirty,
    (dirty) => (navigation.leaveGuard = dirty ? ask : null),
    { immediate: true },
  );
  onUnmounted(() => (navigation.leaveGuard = null));
  return { asking, answer };
}
