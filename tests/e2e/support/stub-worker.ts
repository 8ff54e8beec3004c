/**
 * Stands in for the engine's worker in end-to-end tests: speaks the contract with scripted data, one file
 * (stub-….ts) a subject. Its data folder holds `stub.json` (StubOptions), and receives `calls.log`, one call a line.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createBirpc } from 'birpc';
import type { EngineCalls, EngineEvents } from '../../../src/engine/contract';
import { EVENTS, withCallError } from '../../../src/engine/screen-link';
import { SyncError } from '../../../src/shared/errors';
import { createStub } from './stub';
import { blockedCalls } from './stub-blocked';
import { compareCalls } from './stub-compare';
import { conflictCalls } from './stub-conflicts';
import type { StubOptions } from './stub-data';
import { sessionCalls } from './stub-session';
import { informationCalls, settingsCalls } from './stub-settings';
import { snapshotCalls } from './stub-snapshot';
import { testCalls } from './stub-test';

if (parentPort === null) throw new Error('a worker needs its parent');
const port = parentPort;
const { dataFolder } = workerData as { dataFolder: string };
const options = JSON.parse(readFileSync(path.join(dataFolder, 'stub.json'), 'utf8')) as StubOptions;

const events: EngineEvents = {
  overviewChanged: (overview) => void rpc.overviewChanged(overview),
  logged: (line) => void rpc.logged(line),
  historyChanged: () => void rpc.historyChanged(),
  blockedChanged: () => void rpc.blockedChanged(),
  checked: (result) => void rpc.checked(result),
  comparing: (progress) => void rpc.comparing(progress),
  snapshotAdvances: (progress) => void rpc.snapshotAdvances(progress),
  settingsChanged: () => void rpc.settingsChanged(),
  conflictsChanged: () => void rpc.conflictsChanged(),
};
const stub = createStub(options, events);
const calls: EngineCalls = {
  ...sessionCalls(stub),
  ...testCalls(stub),
  ...blockedCalls(stub),
  ...compareCalls(stub),
  ...conflictCalls(stub),
  ...settingsCalls(stub),
  ...informationCalls(dataFolder),
  recover: () => Promise.resolve(),
  writeSnapshot: () => Promise.resolve({ round: 1, rows: 0, bytes: 0 }),
  ...snapshotCalls(stub),
  resend: () => Promise.resolve(0),
};

const rpc = createBirpc<EngineEvents, EngineCalls>(calls, {
  post: (message) => port.postMessage(message),
  serialize: withCallError,
  on: (listener) => port.on('message', listener),
  eventNames: EVENTS,
  // Every call passes here first: it is written down, and may be refused or fatal as the test wishes.
  resolver(name, resolved) {
    appendFileSync(path.join(dataFolder, 'calls.log'), `${name}\n`);
    if (name === options.dieAt) process.exit(1);
    if (name !== options.refuse?.call) return resolved;
    const { code } = options.refuse;
    return () => Promise.reject(new SyncError(code));
  },
});

if (options.role !== null) stub.say('session.ended.ok');
