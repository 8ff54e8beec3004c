import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Builder, By, Key, until, type WebDriver, type WebElement, error } from 'selenium-webdriver';
import { Options, ServiceBuilder } from 'selenium-webdriver/chrome.js';
import { findRuntime } from '../../../build/nw-runtime.mjs';

export interface AppOptions {
  /** The application folder, which the runtime at hand starts; or the program of a package, which has both. */
  readonly appFolder?: string;
  readonly program?: string;
  readonly dataFolder: string;
  readonly display: string;
}

export interface App {
  readonly driver: WebDriver;
  readonly userFolder: string;
  /** Waits until the element is there. */
  find(css: string): Promise<WebElement>;
  click(css: string): Promise<void>;
  /** Types a text in place of what stands in the field. */
  type(css: string, text: string): Promise<void>;
  doubleClick(css: string): Promise<void>;
  /** Visible text of the element, empty when there is none. */
  text(css: string): Promise<string>;
  exists(css: string): Promise<boolean>;
  /** Waits until the condition holds. */
  wait(what: string, condition: () => Promise<boolean> | boolean): Promise<void>;
  /** Writes `<name>.png` into SYNCHRO_SCREENSHOTS, or a folder of the system's temporary one. */
  screenshot(name: string): Promise<string>;
  stop(): Promise<void>;
}

const LIMIT = 15_000;
const screenshots = process.env['SYNCHRO_SCREENSHOTS'] ?? path.join(os.tmpdir(), 'synchro-screenshots');

/** Starts the application folder in the real NW.js. */
export async function startApp({ appFolder, program, dataFolder, display }: AppOptions): Promise<App> {
  const { nw, chromedriver } = findRuntime();
  if (chromedriver === null) throw new Error('the end-to-end tests need the SDK flavour of NW.js');
  const userFolder = mkdtempSync(path.join(os.tmpdir(), 'synchro-user-'));
  const options = new Options();
  options.setChromeBinaryPath(program ?? nw);
  if (appFolder !== undefined) options.addArguments(`nwapp=${appFolder}`);
  options.addArguments(
    'no-sandbox',
    'disable-gpu',
    'force-prefers-reduced-motion',
    `user-data-dir=${userFolder}`,
  );
  // Chromedriver would pass its own arguments to us as ours: the data folder comes by the environment.
  const service = new ServiceBuilder(chromedriver).setEnvironment({
    ...process.env,
    DISPLAY: display,
    SYNCHRO_DATA: dataFolder,
    TZ: 'Europe/Paris',
  });
  const start = async (): Promise<WebDriver> =>
    new Builder().forBrowser('chrome').setChromeOptions(options).setChromeService(service).build();
  // On a loaded machine NW.js itself does not always come up: that is not what these tests are about.
  const driver = await start().catch((failure: unknown) => {
    if (failure instanceof error.SessionNotCreatedError) return start();
    throw failure;
  });
  const stop = async (): Promise<void> => {
    await driver.quit().catch(() => undefined);
    rmSync(userFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    await switchToWindow(driver);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    driver,
    userFolder,
    find: (css) => driver.wait(until.elementLocated(By.css(css)), LIMIT),
    type: (css, text) =>
      reach(driver, css, (field) =>
        field.sendKeys(Key.chord(Key.CONTROL, 'a'), text === '' ? Key.BACK_SPACE : text),
      ),
    click: (css) =>
      reach(driver, css, async (element) => {
        await driver.wait(until.elementIsEnabled(element), LIMIT);
        await element.click();
      }),
    async doubleClick(css) {
      const element = await driver.wait(until.elementLocated(By.css(css)), LIMIT);
      await driver.actions().doubleClick(element).perform();
    },
    text: (css) =>
      driver.executeScript<string>('return document.querySelector(arguments[0])?.innerText ?? ""', css),
    exists: async (css) => (await driver.findElements(By.css(css))).length > 0,
    async wait(what, condition) {
      await driver.wait(async () => condition(), LIMIT, `waited in vain: ${what}`);
    },
    async screenshot(name) {
      mkdirSync(screenshots, { recursive: true });
      const file = path.join(screenshots, `${name}.png`);
      writeFileSync(file, await driver.takeScreenshot(), 'base64');
      return file;
    },
    stop,
  };
}

/** As a person would: what is still on its way into the window is tried again. */
async function reach(
  driver: WebDriver,
  css: string,
  act: (element: WebElement) => Promise<void>,
): Promise<void> {
  await driver.wait(
    async () => {
      try {
        await act(await driver.wait(until.elementLocated(By.css(css)), LIMIT));
        return true;
      } catch (failure) {
        if (ON_ITS_WAY.some((kind) => failure instanceof kind)) return false;
        throw failure;
      }
    },
    LIMIT,
    `out of reach: ${css}`,
  );
}

const ON_ITS_WAY = [
  error.ElementNotInteractableError,
  error.ElementClickInterceptedError,
  error.StaleElementReferenceError,
];

/** The background page and the window are both targets: the window is the one at index.html. */
async function switchToWindow(driver: WebDriver): Promise<void> {
  await driver.wait(async () => {
    for (const handle of await driver.getAllWindowHandles()) {
      await driver.switchTo().window(handle);
      if ((await driver.getCurrentUrl()).endsWith('/index.html')) return true;
    }
    return false;
  }, LIMIT);
}
