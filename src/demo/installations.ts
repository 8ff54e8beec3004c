import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommandContext } from '../commands/context';
import { addSite, init, pair, set } from '../commands/setup';
import { prepare } from '../commands/tracking';
import { HEAD_OFFICE_TABLE } from './disputes';
import type { Place } from './places';
import type { PortRange } from './ports';

/** How the demo calls the commands: in one folder, with what they print handed back. */
export type Command = (
  folder: string,
  run: (context: CommandContext) => Promise<number>,
) => Promise<{ readonly printed: string }>;

/** Gives each place its copy of the base, and sets up its installation as one does at the command line. */
export async function setUp(
  places: readonly Place[],
  base: string,
  ports: PortRange,
  command: Command,
): Promise<void> {
  for (const { folder, database, role, name } of places) {
    await mkdir(dirname(database), { recursive: true });
    await copyFile(base, database);
    const ofHub = role === 'hub' ? { port: String(ports.control), address: '127.0.0.1' } : {};
    await command(folder, (context) =>
      init(context, { role, name, database: `sqlite:${database}`, ...ofHub }),
    );
    await command(folder, (context) => prepare(context));
  }
  const [hub, ...sites] = places;
  if (hub === undefined) return;
  await setUpHub(hub, ports, command);
  for (const { folder, name } of sites) {
    const { printed: code } = await command(hub.folder, (context) => addSite(context, name));
    await command(folder, (context) => pair(context, code));
  }
}

async function setUpHub({ folder }: Place, ports: PortRange, command: Command): Promise<void> {
  const settings = [
    // In this order: a range that ends before it begins is refused, and ours lies below the usual one.
    ['hub.passivePorts.from', String(ports.passive.from)],
    ['hub.passivePorts.to', String(ports.passive.to)],
    [`policies.tables.${HEAD_OFFICE_TABLE}`, 'hub'],
  ] as const;
  for (const [key, value] of settings) await command(folder, (context) => set(context, key, value));
}
