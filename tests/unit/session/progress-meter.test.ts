import { describe, expect, test } from 'vitest';
import { ProgressMeter } from '../../../src/session/progress-meter';

function meterAt(): { meter: ProgressMeter; at: (milliseconds: number) => ProgressMeter } {
  let now = 0;
  const meter = new ProgressMeter({ now: () => now, delay: () => Promise.resolve() });
  return {
    meter,
    at: (milliseconds) => {
      now = milliseconds;
      return meter;
    },
  };
}

const NOTHING = { rate: null, left: null };

describe('the progress meter', () => {
  test('knows a rate and the time left once something has passed', () => {
    const { at } = meterAt();
    expect(at(0).measure({ subject: 'a', done: 0, total: 1000 })).toEqual(NOTHING);
    expect(at(100).measure({ subject: 'a', done: 10, total: 1000 })).toEqual(NOTHING);
    expect(at(1000).measure({ subject: 'a', done: 200, total: 1000 })).toEqual({ rate: 200, left: 4000 });
  });

  test('does not count what a former try has moved', () => {
    const { at } = meterAt();
    at(0).measure({ subject: 'a', done: 900, total: 1000 });
    expect(at(1000).measure({ subject: 'a', done: 950, total: 1000 })).toEqual({ rate: 50, left: 1000 });
  });

  test('measures another file, or one that begins again, anew', () => {
    const { at } = meterAt();
    at(0).measure({ subject: 'a', done: 0, total: 1000 });
    at(1000).measure({ subject: 'a', done: 500, total: 1000 });
    expect(at(2000).measure({ subject: 'b', done: 0, total: 100 })).toEqual(NOTHING);
    expect(at(3000).measure({ subject: 'b', done: 10, total: 100 })).toEqual({ rate: 10, left: 9000 });
    expect(at(4000).measure({ subject: 'c', done: 600, total: null })).toEqual(NOTHING);
    expect(at(5000).measure({ subject: 'c', done: 100, total: null })).toEqual(NOTHING);
    expect(at(6000).measure({ subject: 'c', done: 150, total: null })).toEqual({ rate: 50, left: null });
  });
});
