/** What the background page offers to the window: the engine, and the few things only NW.js can do. */
import type { EngineCalls, EngineEvents } from '../src/engine/contract';

/**
 * `stopped`: the engine ended by itself; every call is refused until `restartEngine`, or until the service that it was
 * is there again.
 */
export type EngineState = 'running' | 'stopped';

/** Where the engine works: in this program, or in one that runs on the machine without a window. */
export interface EngineStanding {
  readonly state: EngineState;
  /** `otherService`: one of another version, with which this window cannot work. */
  readonly host: 'window' | 'service' | 'otherService';
}

export interface Environment {
  readonly dataFolder: string;
  readonly applicationFolder: string;
  readonly versions: { readonly nw: string; readonly chromium: string; readonly node: string };
}

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'fr' | 'en';

/** What this user chose for this window; kept in the data folder. */
export interface Preferences {
  readonly theme: Theme;
  readonly language: Language;
  /** The whole screen, with no frame and nothing beside it. F11 changes it too. */
  readonly kiosk: boolean;
  /** The program starts beside the clock, without its window. */
  readonly startHidden: boolean;
  /** The settings' preferences as this window last took them over, as JSON: a change of theirs is taken over too. */
  readonly adopted: string;
}

/** The icon beside the clock, as the window wants it. */
export interface TrayView {
  readonly level: 'good' | 'neutral' | 'busy' | 'warning' | 'bad';
  readonly tooltip: string;
  readonly canStart: boolean;
  readonly hasReport: boolean;
}

/** What the tray, or the way the program is left, asks of the window. */
export type Wish = 'synchronise' | 'lastReport' | 'quit';

/** What the window gives the background page. A reloaded window takes the place of the former one. */
export interface BridgeListener {
  readonly events: EngineEvents;
  engineChanged(standing: EngineStanding): void;
  /** `close` does not say where it comes from: Alt held down tells Alt-F4 from the cross. */
  altIsDown(): boolean;
  wished(wish: Wish): void;
}

export interface Bridge {
  readonly environment: Environment;
  readonly engine: EngineCalls;
  /** Registers the window and returns where the engine stands at that instant. */
  connect(listener: BridgeListener): EngineStanding;
  /** Starts the engine anew, after stopping it if it runs: it then reads its settings again. A service is left alone. */
  restartEngine(): void;
  show(): void;
  hide(): void;
  /** Ends the program: a session of its own engine stops at its next safe point first, a service goes on. */
  quit(): void;
  showInTray(view: TrayView): void;
  copyText(text: string): void;
  /**
   * Writes what the window would print now as an A4 document. Resolves when the whole file is there; rejects, as does
   * `saveText`, with `file.notSaved` {file, reason}.
   */
  savePdf(file: string): Promise<void>;
  saveText(file: string, text: string): Promise<void>;
  readonly preferences: Preferences;
  /** Takes effect at once, for what the background page shows, and is kept. */
  setPreferences(changes: Partial<Preferences>): void;
}

/** Name of the bridge on Node's `global`, which NW.js shares between the background page and the window. */
export interface SharedGlobal {
  synchronisation?: Bridge;
}
