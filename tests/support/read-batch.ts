/** A process that reads a batch, and tells what came of it and what that cost. */
import { readFileSync } from 'node:fs';
import { isDamaged } from '../../src/batch/damage';

const [file = ''] = process.argv.slice(2);
void isDamaged(file, new AbortController().signal).then((damaged) => {
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  console.log(JSON.stringify({ damaged, megabytes: Math.round(Number(peak) / 1024) }));
});
