import { createBirpc, type BirpcReturn } from 'birpc';
import { toSyncError } from '../shared/to-sync-error';
import type { CallError, EngineCalls, EngineEvents } from './contract';

/** What carries whole messages to a window and from it: a thread's port, or a socket. */
export interface Channel {
  post(message: unknown): void;
  on(listener: (message: unknown) => void): void;
}

export type ScreenLink = BirpcReturn<EngineEvents, EngineCalls>;

/** All that an engine tells by itself. */
export const EVENTS: (keyof EngineEvents)[] = [
  'overviewChanged',
  'logged',
  'historyChanged',
  'blockedChanged',
  'checked',
  'comparing',
  'snapshotAdvances',
  'settingsChanged',
  'conflictsChanged',
];

/** Answers a window's calls, until the link is closed. */
export function linkScreen(calls: EngineCalls, channel: Channel): ScreenLink {
  return createBirpc<EngineEvents, EngineCalls>(calls, {
    bind: 'functions',
    post: (message) => channel.post(message),
    on: (listener) => channel.on(listener),
    eventNames: EVENTS,
    serialize: withCallError,
    timeout: -1,
  });
}

/** The engine's events, told to each of the windows that are there. */
export function eventsTo(screens: () => Iterable<ScreenLink>): EngineEvents {
  const tell = (told: (screen: ScreenLink) => unknown): void => {
    for (const screen of screens()) told(screen);
  };
  return {
    overviewChanged: (overview) => tell((screen) => screen.overviewChanged(overview)),
    logged: (line) => tell((screen) => screen.logged(line)),
    historyChanged: () => tell((screen) => screen.historyChanged()),
    blockedChanged: () => tell((screen) => screen.blockedChanged()),
    checked: (result) => tell((screen) => screen.checked(result)),
    comparing: (progress) => tell((screen) => screen.comparing(progress)),
    snapshotAdvances: (progress) => tell((screen) => screen.snapshotAdvances(progress)),
    settingsChanged: () => tell((screen) => screen.settingsChanged()),
    conflictsChanged: () => tell((screen) => screen.conflictsChanged()),
  };
}

/** A message keeps neither the code nor the parameters of an error: they travel as a CallError. */
export function withCallError(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || !('e' in message) || message.e === undefined)
    return message;
  const { code, params } = toSyncError(message.e);
  return { ...message, e: { code, params } satisfies CallError };
}
