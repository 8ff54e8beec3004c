export interface MainWindow {
  /** Opens the window, or brings it to the front. */
  show(): void;
  hide(): void;
}

/**
 * The one window. The cross hides it (closing the last window would end the program);
 * Alt-F4 quits, as the manual says.
 */
export function createMainWindow(altIsDown: () => boolean, onQuit: () => void): MainWindow {
  let window: NWJS_Helpers.win | null = null;
  let opening = false;

  function open(): void {
    if (opening) return;
    opening = true;
    const options = {
      id: 'main',
      title: 'Synchronisation',
      icon: 'icon.png',
      width: 1200,
      height: 800,
      min_width: 1024,
      min_height: 700,
      position: 'center',
    } as const;
    nw.Window.open('index.html', options, (opened) => {
      opening = false;
      window = opened;
      opened.on('close', () => {
        if (altIsDown()) onQuit();
        else opened.hide();
      });
    });
  }

  return {
    show() {
      if (window === null) {
        open();
        return;
      }
      window.show();
      window.restore();
      window.focus();
    },
    hide() {
      window?.hide();
    },
  };
}
