import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPreferences } from '../../../app/main/preferences';

const DEFAULTS = {
  theme: 'system',
  language: 'fr',
  kiosk: false,
  startHidden: false,
  adopted: '',
  place: null,
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-preferences-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what is changed is found again, in a folder that was not there', () => {
  const inside = path.join(folder, 'new', 'folder');
  openPreferences(inside).change({ theme: 'dark', place: { x: 1, y: 2, width: 1100, height: 720 } });
  expect(openPreferences(inside).current).toEqual({
    ...DEFAULTS,
    theme: 'dark',
    place: { x: 1, y: 2, width: 1100, height: 720 },
  });
});

test('no file, a file that is no JSON, and one with wrong values give the defaults', () => {
  expect(openPreferences(folder).current).toEqual(DEFAULTS);
  const file = path.join(folder, 'window.json');
  writeFileSync(file, '{"theme": "dar');
  expect(openPreferences(folder).current).toEqual(DEFAULTS);
  writeFileSync(file, '[1]');
  expect(openPreferences(folder).current).toEqual(DEFAULTS);
  writeFileSync(file, JSON.stringify({ theme: 'pink', language: 'en', kiosk: 'yes', place: { x: '1' } }));
  expect(openPreferences(folder).current).toEqual({ ...DEFAULTS, language: 'en' });
});

test('a folder that cannot be written costs no more than the preference', () => {
  const file = path.join(folder, 'a-file');
  writeFileSync(file, '');
  const preferences = openPreferences(file);
  preferences.change({ theme: 'light' });
  expect(preferences.current.theme).toBe('light');
  expect(readFileSync(file, 'utf8')).toBe('');
});
