// Required before a program: at its end it writes down the most memory it ever had, megabytes.
const { appendFileSync, readFileSync } = require('node:fs');

process.on('exit', () => {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  appendFileSync(
    process.env.BENCH_PEAKS,
    `${Math.round(Number(kilobytes) / 1024)} ${process.argv.slice(2).join(' ')}\n`,
  );
});
