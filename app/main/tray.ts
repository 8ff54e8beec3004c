export interface TrayTexts {
  readonly tooltip: string;
  readonly open: string;
  readonly quit: string;
}

/** Made by the background page: a tray that a window made dies when the window reloads. */
export function createTray(texts: TrayTexts, onOpen: () => void, onQuit: () => void): nw.Tray {
  const tray = new nw.Tray({ title: texts.tooltip, tooltip: texts.tooltip, icon: 'tray.png' });
  const menu = new nw.Menu();
  menu.append(new nw.MenuItem({ label: texts.open, click: onOpen }));
  menu.append(new nw.MenuItem({ type: 'separator' }));
  menu.append(new nw.MenuItem({ label: texts.quit, click: onQuit }));
  tray.menu = menu;
  tray.on('click', onOpen);
  return tray;
}
