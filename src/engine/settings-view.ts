import { withKnownPassword, withoutPassword } from '../config/database-address';
import type { Settings } from '../config/settings';
import type { MailDraft, SettingsDraft, SettingsValues } from './contract';

/** Settings as a screen and a support may see them: of a secret, whether it is set. */
export function withoutSecrets(settings: Settings): SettingsValues {
  const { hub, site, mail, database, password } = settings;
  return {
    ...without(settings, 'version', 'installation'),
    database: withoutPassword(database),
    mail: { ...mail, password: { set: mail.password !== '' } },
    hub: hub === null ? null : without(hub, 'sites'),
    site:
      site === null
        ? null
        : { ...site, secret: { set: site.secret !== '' }, code: { set: site.code !== null } },
    password: { set: password !== null },
  };
}

/** A draft completed with what a screen does not see or may not change: options, still to be validated. */
export function completed(settings: Settings, draft: SettingsDraft): object {
  const { version, installation, role, site, password } = settings;
  const hub =
    draft.hub === null || settings.hub === null ? draft.hub : { ...draft.hub, sites: settings.hub.sites };
  const database = withKnownPassword(draft.database, settings.database);
  const mail = mailOf(draft.mail, settings);
  return { ...draft, version, installation, role, database, site, mail, password, hub };
}

/** A draft's mail with its password, the one that is known unless there is another. */
export function mailOf(draft: MailDraft, settings: Settings): Settings['mail'] {
  const { set, value } = draft.password;
  return { ...draft, password: set ? (value ?? settings.mail.password) : '' };
}

function without<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const copy = { ...value };
  for (const name of names) Reflect.deleteProperty(copy, name);
  return copy;
}
