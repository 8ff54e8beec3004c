/** The background page: it outlives the window, keeps the engine and the tray, and is the only one that quits. */
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { version } from '../../package.json';
import type { EngineEvents } from '../../src/engine/contract';
import { dataArgument, findDataFolder, userFolder } from '../../src/config/find-data-folder';
import type { Bridge, BridgeListener, SharedGlobal, Wish } from '../bridge';
import { createEngineHost } from './engine-host';
import { openPreferences } from './preferences';
import { saveText } from './save-file';
import { systemStartup } from './startup';
import { createTray, createTrayMenu, iconOf } from './tray';
import { createMainWindow } from './window';

/** A session is given this long to reach a safe point before the program ends. */
const SHUTDOWN_LIMIT = 20_000;

declare const global: SharedGlobal;

let listener: BridgeListener | null = null;
let quitting = false;

const events: EngineEvents = {
  overviewChanged: (overview) => {
    startWithSystem(overview.preferences.startWithSystem);
    listener?.events.overviewChanged(overview);
  },
  logged: (line) => listener?.events.logged(line),
  historyChanged: () => listener?.events.historyChanged(),
  blockedChanged: () => listener?.events.blockedChanged(),
  checked: (result) => listener?.events.checked(result),
  comparing: (progress) => listener?.events.comparing(progress),
  snapshotAdvances: (progress) => listener?.events.snapshotAdvances(progress),
  settingsChanged: () => listener?.events.settingsChanged(),
  conflictsChanged: () => listener?.events.conflictsChanged(),
};

const startWithSystem = systemStartup([process.execPath, ...nw.App.fullArgv], homedir());
const dataFolder = findDataFolder(dataArgument(nw.App.argv), nw.App.startPath);
// Of a service, the folder may be another user's.
const preferences = openPreferences(canWrite(dataFolder) ? dataFolder : userFolder());
const engine = createEngineHost({
  threadFile: path.join(__dirname, 'engine-thread.js'),
  dataFolder,
  version,
  events,
  onChanged: (standing) => listener?.engineChanged(standing),
});
const mainWindow = createMainWindow(
  preferences,
  () => listener?.altIsDown() ?? false,
  () => wish('quit'),
);

/** A folder that is not there yet is made. */
function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return !existsSync(folder);
  }
}

/** The window knows what there is to ask the user first. Without one nobody can be asked. */
function wish(what: Wish): void {
  if (listener !== null) listener.wished(what);
  else if (what === 'quit') void quit();
}

async function quit(): Promise<void> {
  if (quitting) return;
  quitting = true;
  mainWindow.hide();
  // nw.App.quit() tells nobody: the engine is stopped first.
  await engine.stop(SHUTDOWN_LIMIT);
  tray.remove();
  nw.App.quit();
}

async function restart(): Promise<void> {
  await engine.stop(SHUTDOWN_LIMIT);
  if (!quitting) await engine.start();
}

const bridge: Bridge = {
  environment: {
    dataFolder,
    applicationFolder: __dirname,
    versions: {
      nw: process.versions['nw'],
      chromium: process.versions['chromium'],
      node: process.versions.node,
    },
  },
  engine: engine.calls,
  connect(connected) {
    listener = connected;
    return engine.standing;
  },
  restartEngine: () => void restart(),
  show: () => mainWindow.show(),
  hide: () => mainWindow.hide(),
  quit: () => void quit(),
  showInTray(view) {
    tray.icon = iconOf(view.level);
    tray.tooltip = view.tooltip;
    trayMenu.show(view);
  },
  savePdf: (file) => mainWindow.savePdf(file),
  saveText,
  copyText: (text) => nw.Clipboard.get().set(text, 'text'),
  get preferences() {
    return preferences.current;
  },
  setPreferences(changes) {
    preferences.change(changes);
    if (changes.language !== undefined) trayMenu.speak(changes.language);
    if (changes.kiosk !== undefined) mainWindow.setKiosk(changes.kiosk);
  },
};

const trayMenu = createTrayMenu({
  open: () => mainWindow.show(),
  synchronise: () => wish('synchronise'),
  lastReport: () => wish('lastReport'),
  quit: () => wish('quit'),
});
trayMenu.speak(preferences.current.language);
const tray = createTray(trayMenu.menu, preferences.current.language, () => mainWindow.show());
global.synchronisation = bridge;
nw.App.on('open', () => mainWindow.show());
void engine.start();
