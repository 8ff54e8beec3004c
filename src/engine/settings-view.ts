import type { Settings } from '../config/settings';
import type { SettingsDraft, SettingsValues } from './contract';

/** Settings as a screen and a support may see them: of a secret, whether it is set. */
export function withoutSecrets(settings: Settings): SettingsValues {
  const { hub, site, password } = settings;
  return {
    ...without(settings, 'version', 'installation'),
    hub: hub === null ? null : without(hub, 'sites'),
    site: site === null ? null : { ...site, secret: { set: site.secret !== '' } },
    password: { set: password !== null },
  };
}

/** A draft completed with what a screen does not see or may not change: options, still to be validated. */
export function completed(settings: Settings, draft: SettingsDraft): object {
  const { version, installation, role, site, password } = settings;
  const hub =
    draft.hub === null || settings.hub === null ? draft.hub : { ...draft.hub, sites: settings.hub.sites };
  return { ...draft, version, installation, role, site, password, hub };
}

function without<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const copy = { ...value };
  for (const name of names) Reflect.deleteProperty(copy, name);
  return copy;
}
