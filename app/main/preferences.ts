import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Preferences } from '../bridge';

/** Where the window was, in the screens' own coordinates. */
export interface WindowPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Kept extends Preferences {
  readonly place: WindowPlace | null;
}

export interface KeptPreferences {
  readonly current: Kept;
  change(changes: Partial<Kept>): void;
}

/** The window's own preferences, in `window.json` of the data folder. */
export function openPreferences(folder: string): KeptPreferences {
  const file = path.join(folder, 'window.json');
  let current = checked(read(file));
  return {
    get current() {
      return current;
    },
    change(changes) {
      current = { ...current, ...changes };
      save(file, current);
    },
  };
}

/** A value that cannot be read is only a preference: its default takes its place. */
function checked(kept: Record<string, unknown>): Kept {
  return {
    theme: oneOf(['system', 'light', 'dark'], kept['theme']),
    language: oneOf(['fr', 'en'], kept['language']),
    kiosk: kept['kiosk'] === true,
    startHidden: kept['startHidden'] === true,
    adopted: typeof kept['adopted'] === 'string' ? kept['adopted'] : '',
    place: placeOf(kept['place']),
  };
}

/** The first is the default. */
function oneOf<Choice>(choices: readonly [Choice, ...Choice[]], value: unknown): Choice {
  return choices.find((choice) => choice === value) ?? choices[0];
}

function placeOf(value: unknown): WindowPlace | null {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => fields(value)[name]);
  const whole =
    Number.isInteger(x) && Number.isInteger(y) && Number.isInteger(width) && Number.isInteger(height);
  return whole ? { x: Number(x), y: Number(y), width: Number(width), height: Number(height) } : null;
}

function read(file: string): Record<string, unknown> {
  try {
    return fields(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** At once, for the program may be ending. A full disk costs the user no more than this preference. */
function save(file: string, kept: Kept): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.tmp`, `${JSON.stringify(kept, null, 2)}\n`);
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    console.error('preferences not saved', error);
  }
}
