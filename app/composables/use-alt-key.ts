/** Tells whether Alt is held down: when the window closes, that is Alt-F4 and not the cross. */
export function watchAltKey(): () => boolean {
  let down = false;
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Alt') down = true;
  });
  window.addEventListener('keyup', (event) => {
    if (event.key === 'Alt') down = false;
  });
  // Alt-Tab lets go of Alt in another window. A click with Alt up proves that it was let go of.
  window.addEventListener('pointermove', (event) => {
    down = event.altKey;
  });
  return () => down;
}
