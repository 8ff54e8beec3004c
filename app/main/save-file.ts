/** Files that the user asks for, at a place of the user's choice: whole, or not there at all. */
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SyncError } from '../../src/shared/errors';

/** A report of a thousand lines takes about a second. */
const PDF_LIMIT = 30_000;
const PDF_PAUSE = 50;
/** Last line of a PDF file. */
const PDF_END = '%%EOF';

const A4 = {
  name: 'ISO_A4',
  width_microns: 210_000,
  height_microns: 297_000,
  custom_display_name: 'A4',
  is_default: true,
} as const;

export async function saveText(file: string, text: string): Promise<void> {
  await replace(file, (part) => writeFile(part, text, 'utf8'));
}

/** Prints the page of the window, as its style sheets have it on paper. */
export async function savePdf(window: NWJS_Helpers.win, file: string): Promise<void> {
  await replace(file, async (part) => {
    // NW.js tells of no failure: what hinders the writing is met here first.
    await (await open(part, 'w')).close();
    window.print({ pdf_path: part, silent: true, headerFooterEnabled: false, mediaSize: A4 });
    await wholePdf(part);
  });
}

async function replace(file: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${file}.part`;
  try {
    await write(part);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw new SyncError('file.notSaved', { params: { file: path.basename(file), reason: reasonOf(error) } });
  }
}

/** `print` returns at once, and NW.js tells of no end: the file itself does. */
async function wholePdf(file: string): Promise<void> {
  const limit = Date.now() + PDF_LIMIT;
  while (!(await readFile(file, 'latin1')).trimEnd().endsWith(PDF_END)) {
    if (Date.now() > limit) throw new Error('ETIMEDOUT');
    await new Promise((resolve) => setTimeout(resolve, PDF_PAUSE));
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
