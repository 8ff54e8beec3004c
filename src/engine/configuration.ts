import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { withKnownPassword, withoutPassword } from '../config/database-address';
import {
  loadSettings,
  newSettings,
  resolveDatabase,
  resolveSettings,
  SettingsError,
  type Settings,
  type SettingsFault,
} from '../config/settings';
import type { Database } from '../database/port';
import { SyncError } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import type {
  DatabaseTest,
  MailDraft,
  NewInstallation,
  Prepared,
  SettingsDraft,
  SettingsView,
} from './contract';
import { additiveFaults } from './additive-faults';
import { inherited } from './inheritance';
import { isOpen } from './site-accounts';
import type { Guard } from './guard';
import { paired } from './pairing';
import type { Sessions } from './sessions';
import { completed, mailOf, withoutSecrets } from './settings-view';
import type { Workplace } from './workplace';

/** Reads and changes the settings, for the screens. */
export class Configuration {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  readonly #guard: Guard;

  constructor(place: Workplace, sessions: Sessions, guard: Guard) {
    this.#place = place;
    this.#sessions = sessions;
    this.#guard = guard;
  }

  async view(): Promise<SettingsView> {
    const proposals = { name: hostname(), address: hostname() };
    try {
      const settings = await loadSettings(this.#place.paths.folder);
      return { values: withoutSecrets(settings), faults: [], problem: null, proposals };
    } catch (error) {
      const { code, params } = toSyncError(error);
      const faults = error instanceof SettingsError ? error.faults : [];
      return { values: null, faults, problem: { key: `error.${code}`, params }, proposals };
    }
  }

  async validate(draft: SettingsDraft): Promise<readonly SettingsFault[]> {
    const settings = await loadSettings(this.#place.paths.folder);
    return faultsIn(() => this.#resolve(settings, draft)).faults;
  }

  async save(draft: SettingsDraft): Promise<readonly SettingsFault[]> {
    this.#guard.require();
    return this.#place.change(() => this.#save(draft));
  }

  async #save(draft: SettingsDraft): Promise<readonly SettingsFault[]> {
    const before = await loadSettings(this.#place.paths.folder);
    const { result: after, faults } = faultsIn(() => this.#resolve(before, draft));
    if (after === null) return faults;
    if (countsFor(before) !== countsFor(after)) this.#sessions.refuseDuring();
    // A wrong path is better known now than at the next departure.
    if (after.database !== before.database) await this.testDatabase(after.database);
    const wrong = await this.#additiveFaults(before, after);
    if (wrong.length > 0) return wrong;
    await this.#place.save(after);
    return [];
  }

  async initialise(answers: NewInstallation): Promise<readonly SettingsFault[]> {
    this.#guard.require();
    return this.#place.change(() => this.#initialise(answers));
  }

  async #initialise({
    role,
    name,
    database,
    port,
    address,
  }: NewInstallation): Promise<readonly SettingsFault[]> {
    this.#sessions.refuseDuring();
    const existing = await this.#replaceable();
    const { result: settings, faults } = faultsIn(() =>
      newSettings({
        installation: existing?.installation ?? randomUUID(),
        role,
        name,
        database: this.#address(database),
        ...(port === undefined ? {} : { port: String(port) }),
        ...(address === undefined ? {} : { address }),
      }),
    );
    if (settings === null) return faults;
    await this.testDatabase(settings.database);
    const opened = await this.#place.parts.openDatabase(settings.database);
    const complete = await inherited(settings, opened).finally(() => opened.close());
    const kept = existing === null ? {} : { preferences: existing.preferences, password: existing.password };
    await this.#place.save({ ...complete, ...kept });
    return [];
  }

  async testDatabase(address: string): Promise<DatabaseTest> {
    const resolved = withKnownPassword(this.#address(address), this.#place.settings?.database ?? '');
    const database = await this.#place.parts.openDatabase(resolved);
    try {
      const { tables, excluded } = await database.catalogue();
      const prepared = await preparedFor(database, this.#place.settings?.installation ?? null);
      return {
        address: withoutPassword(resolved),
        tables: tables.length,
        excluded: excluded.length,
        prepared,
      };
    } finally {
      await database.close();
    }
  }

  async sendTestMail(draft: MailDraft): Promise<void> {
    // The saved password goes with the letter, to whatever server the draft names.
    this.#guard.require();
    const settings = await loadSettings(this.#place.paths.folder);
    const { mail } = resolveSettings({ ...settings, mail: mailOf(draft, settings) });
    await this.#place.mailer?.sendTest(mail);
  }

  async pair(code: string): Promise<void> {
    this.#guard.require();
    this.#sessions.refuseDuring();
    await this.#place.change(async () =>
      this.#place.save(paired(await loadSettings(this.#place.paths.folder), code)),
    );
  }

  #resolve(settings: Settings, draft: SettingsDraft): Settings {
    return resolveSettings(completed(settings, { ...draft, database: this.#address(draft.database) }));
  }

  /** Of what is newly declared: the database may be out of reach, and what is gone from it can still be taken away. */
  async #additiveFaults(before: Settings, after: Settings): Promise<readonly SettingsFault[]> {
    if (JSON.stringify(before.additive) === JSON.stringify(after.additive)) return [];
    const database = await this.#place.parts.openDatabase(after.database);
    try {
      return await additiveFaults(database, addedTo(before.additive, after.additive));
    } finally {
      await database.close();
    }
  }

  #address(address: string): string {
    return resolveDatabase(address.trim(), this.#place.paths.folder);
  }

  /** Settings that nobody has built on yet; throws `settings.exists` where somebody has. */
  async #replaceable(): Promise<Settings | null> {
    const existing = await loadSettings(this.#place.paths.folder).catch(() => null);
    if (existing === null) return null;
    const used = existing.site !== null || (existing.hub?.sites.some(isOpen) ?? false);
    if (used) throw new SyncError('settings.exists', { params: { folder: this.#place.paths.folder } });
    return existing;
  }
}

export async function preparedFor(database: Database, installation: string | null): Promise<Prepared> {
  const state = await database.state();
  if (state === null) return 'no';
  return state.installation === installation ? 'this' : 'other';
}

/** What is declared in `after` and was not before. */
const addedTo = (before: Settings['additive'], after: Settings['additive']): Settings['additive'] =>
  Object.fromEntries(
    Object.entries(after).map(([table, columns]) => [
      table,
      columns.filter((column) => before[table]?.includes(column) !== true),
    ]),
  );

/** What a session under way counts on. */
const countsFor = ({ name, database, policies, additive, hub }: Settings): string =>
  JSON.stringify([name, database, policies, additive, hub]);

function faultsIn<T>(
  work: () => T,
):
  | { readonly result: T; readonly faults: readonly [] }
  | { readonly result: null; readonly faults: readonly SettingsFault[] } {
  try {
    return { result: work(), faults: [] };
  } catch (error) {
    if (error instanceof SettingsError) return { result: null, faults: error.faults };
    throw error;
  }
}
