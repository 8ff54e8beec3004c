/** The real window beside an engine that runs as a service, as on a machine without a session. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { openBusiness } from '../support/business';
import { startApp, type App } from './support/app';
import { chooseInTray, processId, processRuns, readTray } from './support/desktop';
import { end } from './support/display';
import { look } from './support/look';
import { ownDisplay } from './support/own-display';

const product = inject('productFolder');
let folder: string;
let services: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-service-'));
});

afterEach(async () => {
  await Promise.all(services.map(end));
  services = [];
  rmSync(folder, { recursive: true, force: true });
});

function synchro(...args: string[]): ChildProcess {
  const command = [path.join(product, 'synchro.js'), ...args, '--data', folder];
  return spawn(process.execPath, command, { stdio: 'ignore' });
}

async function install(): Promise<void> {
  const database = path.join(folder, 'gym.db');
  const business = openBusiness(database);
  business.run('CREATE TABLE member (id INTEGER PRIMARY KEY)');
  business.close();
  await once(synchro('init', '--role', 'site', '--name', 'Lyon', '--database', `sqlite:${database}`), 'exit');
  await once(synchro('prepare'), 'exit');
}

/** The window that was built into `program`. */
const openWindow = (program: string): Promise<App> =>
  startApp({ appFolder: path.join(program, 'app'), dataFolder: folder, display: ownDisplay() });

function startService(): ChildProcess {
  const service = synchro('run');
  services.push(service);
  return service;
}

test('the window attaches to the service, says when it is gone, and leaves it alone on the way out', async () => {
  await install();
  const app = await openWindow(product);
  try {
    // Without a service the window has an engine of its own, and no second one works beside it.
    await app.find('#verdict');
    expect(await app.exists('#host')).toBe(false);
    const second = startService();
    await once(second, 'exit');
    expect(second.exitCode).toBe(1);
    const pid = await processId(app.driver);
    await chooseInTray(app.driver, 'Quitter');
    await app.wait('the end of the process', () => !processRuns(pid));
  } finally {
    await app.stop();
  }

  const service = startService();
  const attached = await openWindow(product);
  try {
    await attached.find('#host');
    expect(await attached.text('#host')).toBe('Service de ce poste');
    expect(await attached.text('#title')).toBe('Synchronisation : Serveur');
    service.kill();
    await attached.find('#engine-stopped');
    expect(await attached.text('#engine-stopped')).toContain('Le service de synchronisation s’est arrêté');
    expect((await readTray(attached.driver)).icon).toMatch(/tray-bad\.png$/);
    await look(attached, 'service-stopped');

    const next = startService();
    await attached.wait('the service', async () => !(await attached.exists('#engine-stopped')));
    await look(attached, 'service');
    const pid = await processId(attached.driver);
    await chooseInTray(attached.driver, 'Quitter');
    await attached.wait('the end of the process', () => !processRuns(pid));
    expect(next.exitCode).toBeNull();
  } finally {
    await attached.stop();
  }
});

test('a window of another version than the service says so, and what to do', async () => {
  await install();
  const newer = `${product}-newer`;
  cpSync(product, newer, { recursive: true });
  try {
    const main = path.join(newer, 'app/main.js');
    writeFileSync(main, readFileSync(main, 'utf8').replaceAll(`"${version}"`, '"99.0.0"'));
    const service = startService();
    const app = await openWindow(newer);
    try {
      await app.find('#engine-stopped');
      await app.wait('what to do', async () =>
        (await app.text('#engine-stopped')).includes('Redémarrez le service'),
      );
      await look(app, 'service-other-version');
      expect(service.exitCode).toBe(null);
    } finally {
      await app.stop();
    }
  } finally {
    rmSync(newer, { recursive: true, force: true });
  }
});
