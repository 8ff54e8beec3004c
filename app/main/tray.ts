import english from '../../locales/en/tray.json';
import french from '../../locales/fr/tray.json';
import type { Language, TrayView } from '../bridge';

export interface TrayActions {
  readonly open: () => void;
  readonly synchronise: () => void;
  readonly lastReport: () => void;
  readonly quit: () => void;
}

export interface TrayMenu {
  readonly menu: nw.Menu;
  readonly speak: (language: Language) => void;
  readonly show: (view: TrayView) => void;
}

const TEXTS = { fr: french, en: english };

/** The menu speaks before the window is there, and should it never come. */
export function createTrayMenu(actions: TrayActions): TrayMenu {
  const items = {
    open: new nw.MenuItem({ label: '-', click: actions.open }),
    synchronise: new nw.MenuItem({ label: '-', click: actions.synchronise, enabled: false }),
    lastReport: new nw.MenuItem({ label: '-', click: actions.lastReport, enabled: false }),
    quit: new nw.MenuItem({ label: '-', click: actions.quit }),
  };
  const menu = new nw.Menu();
  menu.append(items.open);
  menu.append(items.synchronise);
  menu.append(items.lastReport);
  menu.append(new nw.MenuItem({ type: 'separator' }));
  menu.append(items.quit);

  return {
    menu,
    speak(language) {
      const texts = TEXTS[language];
      items.open.label = texts.tray.open;
      items.synchronise.label = texts.tray.synchronise;
      items.lastReport.label = texts.tray.lastReport;
      items.quit.label = texts.tray.quit;
    },
    show(view) {
      items.synchronise.enabled = view.canStart;
      items.lastReport.enabled = view.hasReport;
    },
  };
}

/** Made by the background page: a tray that a window made dies when the window reloads. */
export function createTray(menu: nw.Menu, language: Language, onOpen: () => void): nw.Tray {
  const tray = new nw.Tray({ title: '', tooltip: TEXTS[language].tray.name, icon: iconOf('neutral') });
  tray.menu = menu;
  tray.on('click', onOpen);
  return tray;
}

export function iconOf(level: TrayView['level']): string {
  return `tray-${level}.png`;
}
