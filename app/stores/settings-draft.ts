import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { SettingsDraft, SettingsFault, SettingsValues } from '../../src/engine/contract';
import { useActions } from '../composables/use-actions';
import { useBridge } from '../composables/use-bridge';
import { plain } from '../plain';

/** Long enough for a word to be typed to its end, short enough to be felt as at once. */
const DEBOUNCE = 250;

type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;

export type Draft = Mutable<SettingsDraft>;

/** The settings as they are being changed: nothing is saved by half, and what is wrong is known as it is typed. */
export const useSettingsDraftStore = defineStore('settings-draft', () => {
  const { engine } = useBridge();
  const { run } = useActions();
  const values = shallowRef<SettingsValues | null>(null);
  const draft = ref<Draft | null>(null);
  const faults = shallowRef<readonly SettingsFault[]>([]);
  const saving = ref(false);
  /** The draft as it was read: what differs from it is not saved yet. */
  const base = ref('');
  const dirty = computed(() => draft.value !== null && JSON.stringify(draft.value) !== base.value);
  /** Grows when the draft is thrown away: fields start anew. */
  const revision = ref(0);
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    const view = await run(() => engine.settings());
    if (view === null) return;
    values.value = view.values;
    draft.value = view.values === null ? null : draftOf(view.values);
    base.value = JSON.stringify(draft.value);
    faults.value = [];
  }

  async function discard(): Promise<void> {
    await load();
    revision.value += 1;
  }

  /** What others changed meanwhile is taken over, unless someone is typing here. */
  async function refresh(): Promise<void> {
    if (!dirty.value && !saving.value) await load();
  }

  async function validate(): Promise<void> {
    const asked = JSON.stringify(draft.value);
    if (draft.value === null) return;
    const found = await run(() => engine.validateSettings(toPlain(draft.value)));
    // Of what was typed since then, the next answer speaks.
    if (found !== null && asked === JSON.stringify(draft.value)) faults.value = found;
  }

  /** True when everything is saved. */
  async function save(): Promise<boolean> {
    saving.value = true;
    const found = await run(() => engine.saveSettings(toPlain(draft.value)));
    saving.value = false;
    if (found === null) return false;
    faults.value = found;
    if (found.length > 0) return false;
    await load();
    return true;
  }

  watch(
    draft,
    () => {
      clearTimeout(timer);
      if (dirty.value) timer = setTimeout(() => void validate(), DEBOUNCE);
      else faults.value = [];
    },
    { deep: true },
  );

  return { values, draft, faults, saving, dirty, revision, load, refresh, save, discard };
});

function draftOf(values: SettingsValues): Draft {
  const { name, database, schedule, receptionLimit, waitLimit, acknowledgementLimit } = values;
  const { policies, additive, retention, hub, bandwidth, mail, preferences } = values;
  return plain<Draft>({
    name,
    database,
    schedule,
    receptionLimit,
    waitLimit,
    acknowledgementLimit,
    policies,
    retention,
    additive,
    hub,
    bandwidth,
    mail,
    preferences,
  });
}

/** Vue's proxies do not pass between threads; not a number is left as it is, for the engine to refuse. */
function toPlain(draft: Draft | null): SettingsDraft {
  if (draft === null) throw new Error('there is no draft to send');
  return plain(draft);
}
