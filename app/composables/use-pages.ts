import { shallowRef, watch, type WatchSource } from 'vue';

export interface PagesOptions<Page> {
  /** What there is before the first answer. */
  readonly nothing: Page;
  /** How many lines more at a time. */
  readonly size: number;
  /** What is asked for: another question starts from the first lines. */
  readonly query: WatchSource<unknown>;
  /** Changes where the same question may have another answer. */
  readonly version: WatchSource<unknown>;
  /** The first `limit` lines; null where they could not be had, which was told. */
  readonly ask: (limit: number) => Promise<Page | null>;
}

/** A list that the engine gives by and by, kept as it is now. */
export function usePages<Page>({ nothing, size, query, version, ask }: PagesOptions<Page>) {
  const found = shallowRef<Page>(nothing);
  /** False until the first answer: an empty list is no news before it. */
  const known = shallowRef(false);
  let shown = size;
  let asked = 0;

  async function load(): Promise<void> {
    const question = ++asked;
    const page = await ask(shown);
    // Another question was asked while this one was on its way.
    if (question !== asked || page === null) return;
    found.value = page;
    known.value = true;
  }

  async function loadMore(): Promise<void> {
    shown += size;
    await load();
  }

  watch(query, () => {
    shown = size;
    return load();
  });
  watch(version, load);

  return { found, known, load, loadMore };
}
