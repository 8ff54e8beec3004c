/** A hub's FTP server in a process of its own: tells where it is, then, at each line that it is sent, how it is. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { startHub } from './ftp-hub';

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** Megabytes. */
function memory(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Math.round(Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024);
}

async function main(): Promise<void> {
  const [sites = '2', free] = process.argv.slice(2);
  const told = free === undefined ? {} : { free: () => Promise.resolve(Number(free)) };
  const hub = await startHub(told, Number(sites));
  const { port, folders, certificate, stored, server } = hub;
  const { root, sites: sitesFolder, rounds } = folders;
  say({ port, root, sites: sitesFolder, rounds, fingerprint: certificate.fingerprint256 });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', () => {
    say({
      now: memory('VmRSS'),
      peak: memory('VmHWM'),
      blocked: server.blocked().map(({ address }) => address),
      stored: stored.length,
    });
  });
  await once(lines, 'close');
  await hub.end();
}

void main();
