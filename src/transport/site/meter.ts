/** Often enough for a progress bar. */
const tickMilliseconds = 200;

/** Runs a transfer and tells, while it lasts and once at its end, how far it is. */
export async function metered(
  work: () => Promise<unknown>,
  passed: () => number,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<void> {
  onProgress?.(passed());
  const timer = setInterval(() => onProgress?.(passed()), tickMilliseconds);
  try {
    await work();
    onProgress?.(passed());
  } finally {
    clearInterval(timer);
  }
}
