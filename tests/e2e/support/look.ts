/** What one looks at on a screen: its picture in both themes, and the faults that axe-core finds in it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'vitest';
import type { App } from './app';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type ShownTheme = 'light' | 'dark';

export async function setTheme(app: App, theme: ShownTheme): Promise<void> {
  await choose(app, `theme-${theme}`);
  await app.wait(`the ${theme} theme`, async () => (await app.exists('html.dark')) === (theme === 'dark'));
}

export async function setLanguage(app: App, language: 'fr' | 'en'): Promise<void> {
  await choose(app, `language-${language}`);
  await app.wait(`the language ${language}`, () => app.exists(`html[lang=${language}]`));
}

/** The click of a person, except that a dialog in front does not stop it. */
async function choose(app: App, id: string): Promise<void> {
  await app.find(`#${id}`);
  await app.driver.executeScript('document.getElementById(arguments[0]).click()', id);
}

/** One line a fault: the rule, then the elements that break it and why. None is what a test wants. */
export async function accessibilityFaults(app: App): Promise<string[]> {
  await app.driver.executeScript(`if (window.axe === undefined) { ${axe} }`);
  return app.driver.executeAsyncScript<string[]>(`
    const done = arguments[arguments.length - 1];
    window.axe.run(document).then(
      ({ violations }) => done(violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => id + ' ' + node.target.join(' ') + ': ' + node.failureSummary))),
      (error) => done([String(error)]),
    );
  `);
}

export async function resize(app: App, width: number, height: number): Promise<void> {
  await app.driver.executeScript('nw.Window.get().resizeTo(arguments[0], arguments[1])', width, height);
  await app.wait('the size', () =>
    app.driver.executeScript<boolean>('return window.outerWidth === arguments[0]', width),
  );
}

/** Nothing may be cut off or reachable by sideways scrolling only. */
export async function overflows(app: App): Promise<string[]> {
  return app.driver.executeScript<string[]>(`
    const root = document.documentElement;
    const wide = [...document.querySelectorAll('main, main .screen, main .sheet, main .scroll, .middle, .action-bar, .header, .navigation')]
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .map((element) => element.className + ' ' + element.scrollWidth + ' > ' + element.clientWidth);
    return root.scrollWidth > root.clientWidth || root.scrollHeight > root.clientHeight ? ['page', ...wide] : wide;
  `);
}

/** Takes `<name>-light.png` and `<name>-dark.png`, and fails on any fault of accessibility or overflow in either. */
export async function look(app: App, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(app, theme);
    await app.screenshot(`${name}-${theme}`);
    expect(await accessibilityFaults(app), `${name}, ${theme}`).toEqual([]);
    expect(await overflows(app), `${name}, ${theme}`).toEqual([]);
  }
}
