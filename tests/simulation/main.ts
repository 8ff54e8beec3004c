import { playHistory } from './history';

/** `main.js SEED COUNT [story]`: plays histories, and sends its parent those that did not end as they must. */
async function main(): Promise<void> {
  const [seed = 1, count = 1] = process.argv.slice(2, 4).map(Number);
  const story = process.argv[4] === 'story';
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  // Most errors in here are meant, and traces are costly.
  if (!story) Error.stackTraceLimit = 0;
  for (let history = seed; history < seed + count; history += 1) {
    const findings = await playHistory(history, story ? tell : null);
    if (findings.length > 0) process.send?.({ seed: history, findings });
  }
  if (process.connected) process.disconnect();
}

void main();
