export interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

export interface Information {
  readonly application: string;
  /** By name: what the host handed in (`nw`, `chromium`), and what the engine knows (`node`, `system`). */
  readonly versions: Readonly<Record<string, string>>;
  readonly licences: readonly Licence[];
  /** Whole paths, by text key under `path.`: `data`, `settings`, `reports`, `log`, `logs`, `database`. */
  readonly paths: Readonly<Record<string, string>>;
  /** To be copied for support: versions, paths, settings, last results, last log lines. No secret in it. */
  readonly support: string;
}
