import { computed, onMounted, ref, shallowRef, watch } from 'vue';
import type { Blocking, SettingsFault, SettingsValues } from '../../../src/engine/contract';
import { useActions } from '../../composables/use-actions';
import { useBridge } from '../../composables/use-bridge';
import { plain } from '../../plain';
import { useEngineStore } from '../../stores/engine';
import { useNavigationStore, type LeaveGuard } from '../../stores/navigation';

const PATH = 'hub.blocking.';

/**
 * The rules of blocking, edited beside the list they make. Checked by the engine as one types; saved whole or not at
 * all; `mayLeave` is asked before unsaved changes are left behind.
 */
export function useBlockingRules(mayLeave: LeaveGuard) {
  const bridge = useBridge();
  const engine = useEngineStore();
  const navigation = useNavigationStore();
  const { run, runAndTell } = useActions();
  /** The settings as they are saved; null: not known, or those of a site. */
  const saved = shallowRef<SettingsValues | null>(null);
  const rules = ref<Blocking | null>(null);
  const faults = shallowRef<readonly SettingsFault[]>([]);
  const locked = computed(() => engine.overview?.lock === 'locked');
  const changed = computed(() => JSON.stringify(rules.value) !== JSON.stringify(rulesIn(saved.value)));

  async function load(): Promise<void> {
    const view = await run(() => bridge.engine.settings());
    if (view === null) return;
    // What is being typed is not overwritten by what is saved elsewhere.
    const keep = changed.value;
    saved.value = view.values;
    if (!keep) reset();
  }

  function reset(): void {
    rules.value = rulesIn(saved.value);
    faults.value = [];
  }

  /** The saved settings with these rules in them. */
  function draft(): SettingsValues | null {
    const [values, blocking] = [saved.value, rules.value];
    return values?.hub && blocking ? plain({ ...values, hub: { ...values.hub, blocking } }) : null;
  }

  async function check(): Promise<void> {
    const values = draft();
    if (values === null || !changed.value) {
      faults.value = [];
      return;
    }
    const found = await run(() => bridge.engine.validateSettings(values));
    if (found !== null) faults.value = found;
  }

  async function save(): Promise<void> {
    // Others may have been changed on another screen meanwhile.
    await load();
    const values = draft();
    if (values === null) return;
    const refused = await run(() => bridge.engine.saveSettings(values));
    if (refused === null) return;
    faults.value = refused;
    if (refused.length > 0) return;
    await runAndTell(load, 'blocked.saved');
  }

  /** What is wrong with one rule. */
  function faultOf(name: keyof Blocking): SettingsFault | null {
    return faults.value.find(({ path }) => `${path}.`.startsWith(`${PATH}${name}.`)) ?? null;
  }

  watch(rules, check, { deep: true });
  watch(changed, (unsaved) => {
    navigation.leaveGuard = unsaved ? mayLeave : null;
  });
  watch(() => engine.settingsVersion, load);
  onMounted(load);

  return { rules, faults, locked, changed, save, reset, faultOf };
}

/** A copy: what is typed changes nothing that is saved. */
function rulesIn(values: SettingsValues | null): Blocking | null {
  const blocking = values?.hub?.blocking;
  return blocking === undefined ? null : plain(blocking);
}
