/** What a person does outside the page: keys through the window manager, the tray, the list of windows. */
import { spawnSync } from 'node:child_process';
import type { WebDriver } from 'selenium-webdriver';

/** Types keys into the window that has the focus: the window manager sees them first, so Alt-F4 closes. */
export function pressKeys(display: string, keys: string): void {
  xdotool(display, ['key', keys]);
}

export function windowIsVisible(display: string): boolean {
  return windows(display).length > 0;
}

/** Gives the window the focus, as a click on it does. */
export function focusWindow(display: string): void {
  const id = windows(display)[0];
  if (id === undefined) throw new Error('no window to give the focus to');
  xdotool(display, ['windowactivate', '--sync', id]);
}

/** Clicks the cross that openbox draws at the right end of its title bar. */
export async function clickCross(display: string, driver: WebDriver): Promise<void> {
  const [x, y] = await driver.executeScript<[number, number]>(
    'return [screenX + innerWidth - 11, screenY + outerHeight - innerHeight - 10]',
  );
  xdotool(display, ['mousemove', String(x), String(y), 'click', '1']);
}

function windows(display: string): string[] {
  return xdotool(display, ['search', '--onlyvisible', '--name', '^Synchronisation$'])
    .split('\n')
    .filter(Boolean);
}

function xdotool(display: string, args: string[]): string {
  return spawnSync('xdotool', args, { encoding: 'utf8', env: { ...process.env, DISPLAY: display } }).stdout;
}

/** A click on the tray's icon. Xvfb shows no tray: the background page's own object is told. */
export async function clickTray(driver: WebDriver): Promise<void> {
  await inBackground(driver, `tray.emit('click')`);
}

/** Chooses the item of the tray's menu that has this label. */
export async function chooseInTray(driver: WebDriver, label: string): Promise<void> {
  await inBackground(
    driver,
    `tray.menu.items.find((item) => item.label === ${JSON.stringify(label)}).click()`,
  );
}

export interface ShownTray {
  readonly icon: string;
  readonly tooltip: string;
  /** Labels of the menu, those that cannot be chosen in brackets. */
  readonly items: readonly string[];
}

/** What the tray shows: Xvfb has none, so its own object is asked. */
export async function readTray(driver: WebDriver): Promise<ShownTray> {
  return driver.executeScript<ShownTray>(`
    const tray = chrome.extension.getBackgroundPage().eval('tray');
    const items = tray.menu.items.filter(({ type }) => type !== 'separator');
    return {
      icon: tray.icon,
      tooltip: tray.tooltip,
      items: items.map(({ label, enabled }) => (enabled ? label : '(' + label + ')')),
    };
  `);
}

async function inBackground(driver: WebDriver, script: string): Promise<void> {
  await driver.executeScript(
    'setTimeout(() => chrome.extension.getBackgroundPage().eval(arguments[0]))',
    script,
  );
}

export async function processId(driver: WebDriver): Promise<number> {
  return driver.executeScript<number>('return process.pid');
}

export function processRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
