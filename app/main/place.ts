import type { WindowPlace } from './preferences';

/** As much of the title bar as one needs to take hold of the window. */
const GRIP_WIDTH = 160;
const GRIP_HEIGHT = 32;

/** The place as it was, if its title bar can be reached on one of the screens present; else null. */
export function placeOnScreens(
  place: WindowPlace | null,
  screens: readonly WindowPlace[],
): WindowPlace | null {
  if (place === null) return null;
  const reachable = screens.some((screen) => {
    const shown = Math.min(place.x + place.width, screen.x + screen.width) - Math.max(place.x, screen.x);
    const top = place.y >= screen.y && place.y + GRIP_HEIGHT <= screen.y + screen.height;
    return shown >= GRIP_WIDTH && top;
  });
  return reachable ? place : null;
}
