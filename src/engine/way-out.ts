import type { Report } from '../report/report';
import type { WayOut } from './contract';

/** Errors of a session that another one meets again, and what leads out of them. */
const WAYS: Readonly<Record<string, WayOut['way']>> = {
  'session.siteRestored': 'recover',
  'session.hubDatabaseRestored': 'recover',
  'session.hubRestored': 'giveBack',
  'session.hubOtherPast': 'giveBack',
  'session.hubUnknown': null,
  'session.hubBehind': 'goOn',
  'session.roundsLost': 'publishAgain',
  'session.replayLost': null,
  'session.hubFolderLost': null,
  'session.otherNumber': null,
  'session.roundPruned': 'startFrom',
  'hub.roundMissing': 'startFrom',
  'hub.segmentDamaged': null,
};

/** What somebody has to do after this session; null: nothing but wait for the next one. Pure. */
export function wayOutOf({ error }: Pick<Report, 'error'>): WayOut | null {
  if (error === null) return null;
  const way = WAYS[error.code];
  return way === undefined ? null : { problem: { key: `error.${error.code}`, params: error.params }, way };
}
