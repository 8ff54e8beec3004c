/** An engine that runs without a window, and the windows that attach to it. */
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { version } from '../../package.json';
import { createEngineHost } from '../../app/main/engine-host';
import { attachToService, type EngineLink } from '../../app/main/engine-links';
import type { EngineEvents } from '../../src/engine/contract';
import type { EngineStanding } from '../../app/bridge';
import { CommandLine, type Running } from '../support/command-line';
import { openBusiness } from '../support/business';
import { SILENT_EVENTS } from '../../src/engine/silent-events';

let commandLine: CommandLine;
let data: string;
let service: Running;

beforeAll(async () => {
  commandLine = await CommandLine.build();
  const database = join(commandLine.subfolder('lyon'), 'gym.db');
  const business = openBusiness(database);
  business.run('CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT)');
  business.close();
  data = commandLine.subfolder('lyon data');
  const init = ['--role', 'site', '--name', 'Lyon', '--database', `sqlite:${database}`, '--data', data];
  await commandLine.json('init', ...init);
  await commandLine.json('prepare', '--data', data);
});
afterAll(() => commandLine.end());
beforeEach(async () => {
  service = await started();
});

/** `synchro run`, once windows may come in. */
async function started(): Promise<Running> {
  const running = commandLine.start('run', '--data', data);
  onTestFinished(async () => {
    running.kill('SIGTERM');
    await running.ended;
  });
  const link = await attached();
  await link.end(0);
  return running;
}

interface Window extends EngineLink {
  /** Resolves at the next change of the settings. */
  settingsChanged(): Promise<void>;
}

async function attached(): Promise<Window> {
  let wake: (() => void)[] = [];
  const events: EngineEvents = {
    ...SILENT_EVENTS,
    settingsChanged: () => {
      for (const each of wake) each();
      wake = [];
    },
  };
  for (;;) {
    const link = await attachToService(data, events);
    if (link === null) continue;
    return { ...link, settingsChanged: () => new Promise((resolve) => wake.push(resolve)) };
  }
}

test('windows call the service, hear of what another changed, and read refusals by their code', async () => {
  const [one, other] = [await attached(), await attached()];
  expect((await one.rpc.overview()).configured).toMatchObject({ role: 'site', name: 'Lyon' });
  // Only who has spoken is spoken to.
  await other.rpc.overview();
  const changed = other.settingsChanged();
  await one.rpc.setPassword('a secret');
  await changed;
  expect((await other.rpc.overview()).lock).toBe('unlocked');
  await expect(one.rpc.compare()).rejects.toMatchObject({ code: 'settings.notPaired' });
  await one.end(0);
  await other.end(0);
});

test('the configuration is locked behind the last window that leaves', async () => {
  const window = await attached();
  await window.rpc.unlock('a secret');
  await window.end(0);
  const next = await attached();
  expect((await next.rpc.overview()).lock).toBe('locked');
  await next.end(0);
});

test('nobody but the owner comes in, no window ends the service, and no second engine works in the folder', async () => {
  const { mode } = statSync(join(data, 'engine.sock'));
  // To come in is to write; of the group, where the umask says so.
  expect(mode & (0o022 | 0o007)).toBe(0);
  const window = await attached();
  await window.rpc.shutdown();
  const second = await commandLine.run('run', '--data', data);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('déjà utilisé');
  expect((await window.rpc.overview()).problems).toEqual([]);
  await window.end(0);
});

test('who sends what is no message is hung up on, and the others are served', async () => {
  const stranger = connect(join(data, 'engine.sock'));
  const closed = new Promise((resolve) => stranger.once('close', resolve));
  stranger.write('GET / HTTP/1.0\n\n');
  await closed;
  const window = await attached();
  await window.rpc.overview();
  await window.end(0);
});

/** What a window of this version attaches with, and where it has stood. */
function hostOf(windowVersion: string) {
  const standings: EngineStanding[] = [];
  let wake = (): void => undefined;
  const host = createEngineHost({
    threadFile: 'none is started',
    dataFolder: data,
    version: windowVersion,
    events: SILENT_EVENTS,
    pause: 20,
    onChanged: (standing) => {
      standings.push(standing);
      wake();
    },
  });
  const stands = (count: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        if (standings.length >= count) resolve();
      };
      wake();
    });
  return { host, standings, stands };
}

test('a window notices the end of the service, and attaches to the next', async () => {
  const { host, standings, stands } = hostOf(version);
  await host.start();
  expect((await host.calls.overview()).configured).toMatchObject({ name: 'Lyon' });
  service.kill('SIGKILL');
  await stands(2);
  await expect(host.calls.overview()).rejects.toMatchObject({ code: 'engineStopped' });
  // A killed service leaves its socket behind.
  expect(existsSync(join(data, 'engine.sock'))).toBe(true);
  await started();
  await stands(3);
  expect((await host.calls.overview()).configured).toMatchObject({ name: 'Lyon' });
  await host.stop(0);
  expect(standings).toEqual([
    { state: 'running', host: 'service' },
    { state: 'stopped', host: 'service' },
    { state: 'running', host: 'service' },
  ]);
});

test('a window of another version leaves the service alone, and starts no engine beside it', async () => {
  const { host, standings } = hostOf('0.0.1');
  await host.start();
  expect(standings).toEqual([{ state: 'stopped', host: 'otherService' }]);
  await expect(host.calls.settings()).rejects.toMatchObject({ code: 'engineStopped' });
  await host.stop(0);
  const window = await attached();
  expect((await window.rpc.overview()).application).toBe(version);
  await window.end(0);
});
