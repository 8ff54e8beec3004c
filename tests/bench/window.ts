/** Windows of the real NW.js on a display of their own, opened and looked into as the end-to-end tests do. */
import { join } from 'node:path';
import type { WebDriver } from 'selenium-webdriver';
import { Driver, Options, ServiceBuilder } from 'selenium-webdriver/chrome.js';
import { findRuntime } from '../../build/nw-runtime.mjs';
import { startDisplay } from '../e2e/support/display';

export interface WindowOptions {
  /** The application folder. */
  readonly app: string;
  /** What NW.js keeps of it, which it makes at the first start. */
  readonly profile: string;
  /** The data folder. */
  readonly data: string;
  /** What of the page says that it can be used. */
  readonly usable: string;
}

export interface OpenWindow {
  readonly driver: WebDriver;
  /** Seconds from the start of the program until it could be used. */
  readonly taken: number;
  close(): Promise<void>;
}

export interface Desktop {
  open(options: WindowOptions): Promise<OpenWindow>;
  end(): Promise<void>;
}

/** Null where there is no flavour of NW.js that can be looked into. */
export async function startDesktop(): Promise<Desktop | null> {
  const { nw, chromedriver } = findRuntime();
  if (chromedriver === null) return null;
  const display = await startDisplay();
  return {
    open: (options) => open(nw, chromedriver, display.name, options),
    end: () => display.stop(),
  };
}

async function open(
  nw: string,
  chromedriver: string,
  display: string,
  { app, profile, data, usable }: WindowOptions,
): Promise<OpenWindow> {
  const service = new ServiceBuilder(chromedriver)
    .setEnvironment({ ...process.env, DISPLAY: display, SYNCHRO_DATA: data })
    .build();
  await service.start();
  const options = new Options();
  options.setChromeBinaryPath(nw);
  options.setPageLoadStrategy('none');
  options.addArguments(`nwapp=${app}`, 'no-sandbox', 'disable-gpu', `user-data-dir=${profile}`);
  const started = performance.now();
  const driver = Driver.createSession(options, service);
  await untilUsable(driver, usable);
  const taken = (performance.now() - started) / 1000;
  return { driver, taken, close: () => driver.quit() };
}

/** The background page is a target too: the window is the one at index.html. */
async function untilUsable(driver: WebDriver, usable: string): Promise<void> {
  for (;;) {
    for (const handle of await driver.getAllWindowHandles()) {
      await driver.switchTo().window(handle);
      if (!(await driver.getCurrentUrl()).endsWith('/index.html')) continue;
      const there = await driver
        .executeScript<boolean>('return document.querySelector(arguments[0]) !== null', usable)
        .catch(() => false);
      if (there) return;
    }
  }
}

export const productApp = (programs: string): string => join(programs, 'product', 'app');
