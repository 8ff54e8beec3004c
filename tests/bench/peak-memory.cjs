// Required before a program: at its end it writes down the most memory it ever had, and what it read, both megabytes.
const { appendFileSync, readFileSync } = require('node:fs');

const numberIn = (file, pattern) => Number(pattern.exec(readFileSync(file, 'utf8'))?.[1]);

process.on('exit', () => {
  const peak = numberIn('/proc/self/status', /^VmHWM:\s*(\d+) kB$/m) / 1024;
  const read = numberIn('/proc/self/io', /^rchar:\s*(\d+)$/m) / 2 ** 20;
  appendFileSync(
    process.env.BENCH_PEAKS,
    `${Math.round(peak)} MB, ${Math.round(read)} MB read: ${process.argv.slice(2).join(' ')}\n`,
  );
});
