import english from '../../locales/en/tray.json';
import french from '../../locales/fr/tray.json';
import type { Language, TrayView } from '../bridge';

export interface TrayActions {
  readonly open: () => void;
  readonly synchronise: () => void;
  readonly lastReport: () => void;
  readonly quit: () => void;
}

export interface AppTray {
  show(view: TrayView): void;
  speak(language: Language): void;
  remove(): void;
}

const LABELS = { fr: french.tray, en: english.tray };

/** Made by the background page: a tray that a window made dies when the window reloads. */
export function createTray(actions: TrayActions, language: Language): AppTray {
  const tray = new nw.Tray({ title: '', tooltip: french.tray.name, icon: 'tray-neutral.png' });
  const items = {
    open: new nw.MenuItem({ label: '-', click: actions.open }),
    synchronise: new nw.MenuItem({ label: '-', click: actions.synchronise }),
    lastReport: new nw.MenuItem({ label: '-', click: actions.lastReport }),
    quit: new nw.MenuItem({ label: '-', click: actions.quit }),
  };
  const menu = new nw.Menu();
  menu.append(items.open);
  menu.append(items.synchronise);
  menu.append(items.lastReport);
  menu.append(new nw.MenuItem({ type: 'separator' }));
  menu.append(items.quit);
  tray.menu = menu;
  tray.on('click', actions.open);

  function speak(chosen: Language): void {
    const labels = LABELS[chosen];
    items.open.label = labels.open;
    items.synchronise.label = labels.synchronise;
    items.lastReport.label = labels.lastReport;
    items.quit.label = labels.quit;
  }

  speak(language);
  return {
    show(view) {
      tray.icon = `tray-${view.level}.png`;
      tray.tooltip = view.tooltip;
      items.synchronise.enabled = view.canStart;
      items.lastReport.enabled = view.hasReport;
    },
    speak,
    remove: () => tray.remove(),
  };
}
