import { placeOnScreens } from './place';
import { savePdf } from './save-file';
import type { KeptPreferences, WindowPlace } from './preferences';

export interface MainWindow {
  /** Opens the window, or brings it to the front. */
  show(): void;
  hide(): void;
  /** Fills the whole screen with no frame around, or goes back to a window. */
  setKiosk(kiosk: boolean): void;
  /** Writes what the page would print now. Rejects with `file.notSaved`. */
  savePdf(file: string): Promise<void>;
}

const SIZE = { width: 1200, height: 800, min_width: 1024, min_height: 700 } as const;

/**
 * The one window. The cross hides it (closing the last window would end the program);
 * Alt-F4 quits, as the manual says.
 */
export function createMainWindow(
  preferences: KeptPreferences,
  altIsDown: () => boolean,
  onQuit: () => void,
): MainWindow {
  let window: NWJS_Helpers.win | null = null;
  let visible = !preferences.current.startHidden;

  nw.Screen.Init();
  const areas = nw.Screen.screens.map((screen) => screen.work_area);
  const kept = placeOnScreens(preferences.current.place, areas);
  const options = {
    title: 'Synchronisation',
    icon: 'icon.png',
    ...SIZE,
    ...(kept === null ? { position: 'center' as const } : { width: kept.width, height: kept.height }),
    show: false,
  };
  nw.Window.open('index.html', options, (opened) => {
    window = opened;
    opened.on('close', () => {
      if (altIsDown()) onQuit();
      else hide();
    });
    if (kept !== null) opened.moveTo(kept.x, kept.y);
    if (preferences.current.kiosk) opened.enterKioskMode();
    // Until it is drawn it would show white, in the dark theme too.
    opened.once('loaded', () => {
      if (visible) show();
    });
  });

  function show(): void {
    visible = true;
    if (window === null) return;
    window.show();
    window.restore();
    window.focus();
  }

  function hide(): void {
    visible = false;
    keepPlace();
    window?.hide();
  }

  /** A window that fills the screen says nothing of the place it goes back to. */
  function keepPlace(): void {
    if (window === null || window.isKioskMode || window.isFullscreen) return;
    const { x, y, width, height } = window;
    const place: WindowPlace = { x, y, width, height };
    preferences.change({ place });
  }

  function setKiosk(kiosk: boolean): void {
    if (window === null || window.isKioskMode === kiosk) return;
    if (kiosk) {
      keepPlace();
      window.enterKioskMode();
    } else {
      window.leaveKioskMode();
    }
  }

  return {
    show,
    hide,
    setKiosk,
    savePdf: async (file) => {
      if (window !== null) await savePdf(window, file);
    },
  };
}
