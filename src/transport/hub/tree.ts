import { segmentSchema } from '../../batch/manifest';
import {
  answerName,
  finalName,
  manifestFile,
  numberName,
  parseAnswerName,
  parseFinalName,
  parseNumber,
  parsePartName,
  partName,
  requestFile,
  isSnapshotName,
  snapshotRequestFile,
  snapshotsFolderName,
  statusFile,
  waitingFile,
  type Inbox,
} from '../names';

export type Folder = Inbox | 'answers' | 'requests' | 'rounds';

/** A place in a site's tree. Nothing else can be named, so nothing else can be reached. */
export type TreeNode =
  | { readonly kind: 'root' }
  | { readonly kind: 'status' }
  | { readonly kind: 'folder'; readonly folder: Folder }
  | { readonly kind: 'part'; readonly inbox: Inbox; readonly number: number; readonly digest: string }
  | { readonly kind: 'final'; readonly inbox: Inbox; readonly number: number }
  | { readonly kind: 'answer'; readonly question: number }
  | { readonly kind: 'request' | 'waiting' | 'snapshotRequest' }
  /** Not listed anywhere: the status names it. */
  | { readonly kind: 'snapshot'; readonly name: string }
  | { readonly kind: 'round'; readonly round: number }
  | { readonly kind: 'roundFile'; readonly round: number; readonly name: string };

export type PartNode = Extract<TreeNode, { kind: 'part' }>;
export type FinalNode = Extract<TreeNode, { kind: 'final' }>;

export const folders: readonly Folder[] = ['acks', 'answers', 'batches', 'questions', 'requests', 'rounds'];

/** Walks `path` from `from`, by words alone; null when it climbs above the root. */
export function walk(from: readonly string[], path: string): string[] | null {
  const walked = path.startsWith('/') ? [] : [...from];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') walked.push(segment);
    else if (walked.pop() === undefined) return null;
  }
  return walked;
}

/** The place that these segments name, or null: a whitelist, whatever the characters. */
export function nodeAt(segments: readonly string[]): TreeNode | null {
  const [first, second, third, ...rest] = segments;
  if (first === undefined) return { kind: 'root' };
  if (rest.length > 0) return null;
  if (first === statusFile) return second === undefined ? { kind: 'status' } : null;
  if (first === snapshotsFolderName) return third === undefined ? snapshotNode(second) : null;
  const folder = folders.find((name) => name === first);
  if (folder === undefined) return null;
  if (second === undefined) return { kind: 'folder', folder };
  if (folder === 'rounds') return roundNode(second, third);
  if (third !== undefined) return null;
  if (folder === 'answers') return answerNode(second);
  return folder === 'requests' ? wishNode(second) : inboxNode(folder, second);
}

export function answerNode(name: string): TreeNode | null {
  const question = parseAnswerName(name);
  return question === null ? null : { kind: 'answer', question };
}

function wishNode(name: string): TreeNode | null {
  if (name === requestFile) return { kind: 'request' };
  if (name === snapshotRequestFile) return { kind: 'snapshotRequest' };
  return name === waitingFile ? { kind: 'waiting' } : null;
}

const snapshotNode = (name: string | undefined): TreeNode | null =>
  name !== undefined && isSnapshotName(name) ? { kind: 'snapshot', name } : null;

function roundNode(folder: string, name: string | undefined): TreeNode | null {
  const round = parseNumber(folder);
  if (round === null) return null;
  if (name === undefined) return { kind: 'round', round };
  return isRoundFile(name) ? { kind: 'roundFile', round, name } : null;
}

export function isRoundFile(name: string): boolean {
  return name === manifestFile || segmentSchema.shape.name.safeParse(name).success;
}

export function inboxNode(inbox: Inbox, name: string): PartNode | FinalNode | null {
  const number = parseFinalName(inbox, name);
  if (number !== null) return { kind: 'final', inbox, number };
  const part = parsePartName(name);
  return part && { kind: 'part', inbox, ...part };
}

export function nodeName(node: TreeNode): string {
  switch (node.kind) {
    case 'root':
      return '/';
    case 'status':
      return statusFile;
    case 'folder':
      return node.folder;
    case 'part':
      return partName(node.number, node.digest);
    case 'final':
      return finalName(node.inbox, node.number);
    case 'answer':
      return answerName(node.question);
    case 'request':
      return requestFile;
    case 'waiting':
      return waitingFile;
    case 'snapshotRequest':
      return snapshotRequestFile;
    case 'snapshot':
      return node.name;
    case 'round':
      return numberName(node.round);
    case 'roundFile':
      return node.name;
  }
}
