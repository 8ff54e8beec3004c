/** Files that the user asks for: where to save them is answered without the system's dialog, which no test can press. */
import { writeFileSync } from 'node:fs';
import type { App } from './app';

/** Presses what asks where to save, and answers with that file. Resolves to the name that was proposed. */
export async function saveAs(app: App, press: string, file: string): Promise<string> {
  // The driver hands over existing files only, as a dialog that asks before it replaces one.
  writeFileSync(file, '');
  await app.driver.executeScript(
    'HTMLInputElement.prototype.click = function () { this.hidden = false; window.asked = this; };',
  );
  await app.click(press);
  const input = await app.find('input[nwsaveas]');
  const proposed = await input.getAttribute('nwsaveas');
  await input.sendKeys(file);
  return proposed ?? '';
}

/** From now on what is printed is kept as text, and no preview opens: one would block the page. */
export async function catchPrints(app: App): Promise<void> {
  await app.driver.executeScript(`
    new MutationObserver(() => {
      const frame = document.querySelector('#printJS');
      frame?.addEventListener('load', () => {
        frame.contentWindow.print = () => { window.printed = frame.contentDocument.body.innerText; };
        frame.contentDocument.execCommand = frame.contentWindow.print;
      }, { capture: true });
    }).observe(document.body, { childList: true });
  `);
}

export async function printed(app: App): Promise<string> {
  await app.wait('the print', () => app.driver.executeScript<boolean>('return window.printed !== undefined'));
  return app.driver.executeScript<string>('return window.printed');
}
