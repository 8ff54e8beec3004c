import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest, Segment } from '../../src/batch/manifest';
import { roundFolder } from '../../src/transport/names';
import type { HubStatus } from '../../src/transport/port';

/** Folders of one hub and its sites, in the temporary directory. */
export interface HubFolders {
  readonly root: string;
  readonly sites: string;
  readonly rounds: string;
  /** A place of the site's own. */
  local(name: string): string;
  readonly remove: () => Promise<void>;
}

export async function makeHubFolders(): Promise<HubFolders> {
  const root = await mkdtemp(join(tmpdir(), 'synchronisation-transport-'));
  for (const name of ['sites', 'rounds', 'local']) await mkdir(join(root, name));
  return {
    root,
    sites: join(root, 'sites'),
    rounds: join(root, 'rounds'),
    local: (name) => join(root, 'local', name),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export async function randomFile(path: string, size: number): Promise<Buffer> {
  const content = randomBytes(size);
  await writeFile(path, content);
  return content;
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Writes a round of one segment, its manifest last. */
export async function publishRound(
  rounds: string,
  round: number,
  content: Buffer,
): Promise<{ manifest: Manifest; segment: Segment }> {
  const folder = roundFolder(rounds, round);
  await mkdir(folder, { recursive: true });
  const segment: Segment = {
    name: 'origin-000.segment',
    origin: 0,
    size: content.length,
    sha256: sha256(content),
    changes: 1,
  };
  await writeFile(join(folder, segment.name), content);
  const manifest: Manifest = {
    format: 1,
    round,
    application: 'test',
    publishedAt: '2009-06-01T00:00:00Z',
    segments: [segment],
    fingerprints: {},
    sites: [],
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return { manifest, segment };
}

export function statusOf(site: number): HubStatus {
  return {
    time: Date.UTC(2009, 5, 1),
    application: 'test',
    protocol: 1,
    session: null,
    round: 0,
    site: { number: site, name: `Site ${site}`, merged: 0, received: [], acknowledged: 0 },
  };
}
