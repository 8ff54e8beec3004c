import { expect, test } from 'vitest';
import { limitAt } from '../../../src/schedule/bandwidth';

const paris = 'Europe/Paris';
const at = (time: string, day = '2026-06-01'): number => Date.parse(`${day}T${time}:00+02:00`);
const limit = 500;

test('a limit holds at its hours, as clocks of the zone show them', () => {
  const byDay = (time: string): number | null =>
    limitAt({ limit, from: '08:00', to: '19:00' }, paris, at(time));
  expect(['07:59', '08:00', '18:59', '19:00', '00:00'].map(byDay)).toEqual([
    null,
    500_000,
    500_000,
    null,
    null,
  ]);
  const overMidnight = (time: string): number | null =>
    limitAt({ limit, from: '22:30', to: '06:00' }, paris, at(time));
  expect(['22:29', '22:30', '23:59', '00:00', '05:59', '06:00'].map(overMidnight)).toEqual([
    ...[null, 500_000, 500_000, 500_000, 500_000, null],
  ]);
  const always = (time: string): number | null =>
    limitAt({ limit, from: '09:00', to: '09:00' }, paris, at(time));
  expect(['00:00', '08:59', '09:00', '23:59'].map(always)).toEqual(Array(4).fill(500_000));
  expect(limitAt(null, paris, at('12:00'))).toBeNull();
});

test('summer time moves it with the clock', () => {
  const bandwidth = { limit, from: '08:00', to: '19:00' };
  const winter = Date.parse('2026-01-15T06:30:00Z');
  const summer = Date.parse('2026-07-15T06:30:00Z');
  expect([limitAt(bandwidth, paris, winter), limitAt(bandwidth, paris, summer)]).toEqual([null, 500_000]);
});
