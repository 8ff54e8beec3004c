/** The package as it is installed, in an empty folder. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { makeDebianPackage } from '../../build/packaging/linux.mjs';
import { makeProgramFolder } from '../../build/packaging/program-folder.mjs';
import { makeInstaller } from '../../build/packaging/windows.mjs';
import { CommandLine } from '../support/command-line';
import { MovedClock } from '../support/moved-clock';
import { MailServer, type Received } from '../support/smtp';
import { TwoPlaces } from '../support/three-nights';
import { startApp } from './support/app';
import { focusWindow, pressKeys } from './support/desktop';
import { ownDisplay } from './support/own-display';

const out = mkdtempSync(path.join(os.tmpdir(), 'synchro-package-'));
const empty = path.join(out, 'empty');
const program = path.join(empty, 'opt/synchronisation');
let packageFile: string;

beforeAll(async () => {
  const made = await makeProgramFolder('linux', { out, product: inject('productFolder'), atHand: true });
  packageFile = await makeDebianPackage(made.folder, { ...made, compression: ['-Znone'] });
  rmSync(made.folder, { recursive: true });
  execFileSync('dpkg-deb', ['--extract', packageFile, empty]);
}, 300_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

test('it holds what runs on this system, for everyone to start, and nothing of the workshop', () => {
  const listed = execFileSync('dpkg-deb', ['--contents', packageFile], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  for (const file of ['synchro', 'synchronisation', 'node'])
    expect(listed).toMatch(new RegExp(`^-rwxr-xr-x root/root .* \\./opt/synchronisation/${file}$`, 'm'));
  for (const file of [
    'usr/bin/synchro -> /opt/synchronisation/synchro',
    'usr/lib/systemd/system/synchronisation.service',
    'usr/share/applications/synchronisation.desktop',
  ])
    expect(listed).toContain(`./${file}`);
  expect(listed).toContain('prebuilds/linux-x64/');
  expect(listed).not.toMatch(/prebuilds\/(win|darwin|linux-arm)/);
  expect(listed).not.toMatch(/\.d\.ts$|\.map$|node_modules\/(typescript|vitest|vue|@types)\/|chromedriver/m);
  const control = execFileSync('dpkg-deb', ['--field', packageFile, 'Depends'], { encoding: 'utf8' });
  expect(control).toContain('libnss3 | libnss3t64');
});

test('its window starts in an empty folder, and no key opens the developer tools', async () => {
  const display = ownDisplay();
  const app = await startApp({
    program: path.join(program, 'synchronisation'),
    dataFolder: path.join(out, 'first start'),
    display,
  });
  try {
    await app.find('#title');
    await app.wait('the first screen', async () => (await app.text('main')).includes('Siège ou serveur'));
    focusWindow(display);
    pressKeys(display, 'F12');
    pressKeys(display, 'ctrl+shift+i');
    // What came after these keys has come: they were taken.
    pressKeys(display, 'F1');
    await app.find('.el-drawer');
    const tools = spawnSync('xdotool', ['search', '--name', 'DevTools'], {
      env: { ...process.env, DISPLAY: display },
    });
    expect(String(tools.stdout)).toBe('');
  } finally {
    await app.stop();
  }
});

test('siège and serveur, set up by its command line, depart three nights in a row, a line cut in the second', async () => {
  const clock = new MovedClock(out);
  clock.moveTo('2026-12-01T21:00:00+01:00');
  const commandLine = CommandLine.installed(path.join(program, 'synchro'), clock.environment);
  const mail = await MailServer.open({ disabledCommands: ['STARTTLS', 'AUTH'] });
  const places = await TwoPlaces.setUp(commandLine, clock, {
    'mail.host': '127.0.0.1',
    'mail.port': String(mail.port),
    'mail.security': 'none',
    'mail.from': 'synchro@example.org',
    'mail.to': 'boss@example.org',
    'mail.onSuccess': 'true',
    'mail.enabled': 'true',
  });
  onTestFinished(async () => {
    await places.end();
    await mail.close();
    await commandLine.end();
  });
  await places.start();
  /** Both places' letters of a night: nobody moves the clock before they are sent. */
  const letters = async (): Promise<readonly Received[]> => {
    await mail.received(2);
    await mail.left();
    return mail.box.splice(0).sort((a, b) => a.subject.localeCompare(b.subject));
  };
  const done = [
    { subject: 'lyon\u00a0: synchronisation terminée' },
    { subject: 'siege\u00a0: synchronisation terminée' },
  ];

  places.at('lyon', "INSERT INTO member (id, name) VALUES (1000, 'Anna')");
  places.at('siege', "INSERT INTO member (id, name) VALUES (1, 'Bob')");
  await places.moveTo('2026-12-01T22:00:01+01:00');
  expect(await letters()).toMatchObject(done);

  places.at(
    'lyon',
    `INSERT INTO member (name, photo) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
     SELECT 'photo', randomblob(5000) FROM n`,
  );
  // Three seconds of upload, however fast the machine is.
  await places.synchro('lyon', 'set', 'bandwidth', '5000');
  const cut = places.cutInUpload();
  await places.moveTo('2026-12-02T22:00:01+01:00');
  await cut;
  await places.moveTo('2026-12-03T01:00:00+01:00');
  expect(await letters()).toMatchObject([
    { subject: 'lyon\u00a0: échec de la synchronisation' },
    { subject: 'siege\u00a0: aucun établissement n’a envoyé ses données' },
  ]);

  places.line.mend();
  places.at('siege', "UPDATE member SET name = 'Robert' WHERE name = 'Bob'");
  await places.moveTo('2026-12-03T22:00:01+01:00');
  const third = await letters();
  expect(third).toMatchObject(done);
  expect(places.rows('lyon')).toHaveLength(3002);
  expect(places.rows('lyon')).toEqual(places.rows('siege'));
  expect(third.every(({ attachments }) => attachments.length > 0)).toBe(true);
  expect(third[0]?.text).toContain('jeudi 3 décembre 2026 à 22:00:01');
}, 240_000);

test('the Windows installer compiles, without a warning', async () => {
  const files = path.join(out, 'windows');
  mkdirSync(files);
  writeFileSync(path.join(files, 'Synchronisation.exe'), '');
  expect(await makeInstaller(files, { version: '1.2.3', out })).toContain('1.2.3');
});
