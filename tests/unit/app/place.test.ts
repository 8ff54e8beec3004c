import { describe, expect, test } from 'vitest';
import { placeOnScreens } from '../../../app/main/place';

const LEFT = { x: 0, y: 0, width: 1920, height: 1040 };
const RIGHT = { x: 1920, y: 0, width: 1280, height: 984 };
const place = { x: 2000, y: 100, width: 1100, height: 720 };

describe('the place of the window', () => {
  test('is kept on whichever screen it was', () => {
    expect(placeOnScreens(place, [LEFT, RIGHT])).toEqual(place);
  });

  test('is given up when that screen is gone', () => {
    expect(placeOnScreens(place, [LEFT])).toBeNull();
  });

  test('is given up when its title bar is out of reach', () => {
    expect(placeOnScreens({ ...place, y: -40 }, [LEFT, RIGHT])).toBeNull();
    expect(placeOnScreens({ ...place, x: 1900, y: 1020 }, [LEFT, RIGHT])).toBeNull();
    expect(placeOnScreens({ ...place, x: -1000 }, [LEFT, RIGHT])).toBeNull();
  });

  test('may hang over an edge as long as one can take hold of it', () => {
    expect(placeOnScreens({ ...place, x: -900 }, [LEFT])).toEqual({ ...place, x: -900 });
  });

  test('is unknown at the first start', () => {
    expect(placeOnScreens(null, [LEFT])).toBeNull();
  });
});
