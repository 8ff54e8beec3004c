/** The arrows of the layout: what may import what. Entry points alone put implementations behind ports. */
const entryPoints = '^src/(main|cli|worker)\\.ts$|^src/demo/|^tests/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'engine-knows-no-screen',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^app/|^node_modules/(vue|pinia|vue-i18n|print-js|nw|element-plus|chart\\.js)/' },
    },
    {
      name: 'screens-know-the-contract-only',
      severity: 'error',
      from: { path: '^app/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(config/find-data-folder|engine/(contract|service-line)|report/report|transport/port|shared/(crash-log|errors))\\.ts$',
      },
    },
    {
      name: 'only-entry-points-import-implementations',
      severity: 'error',
      from: { path: '^src/', pathNot: `${entryPoints}|^src/database/sqlite/|^src/transport/(hub|site)/` },
      to: { path: '^src/database/sqlite/|^src/transport/(hub|site)/' },
    },
    {
      name: 'merge-is-below-sessions',
      severity: 'error',
      from: { path: '^src/(merge|capture|batch|database)/' },
      to: { path: '^src/(session|engine|schedule|config)/' },
    },
    {
      name: 'sessions-are-below-the-engine',
      severity: 'error',
      from: { path: '^src/(session|report|schedule|mail|transport|config)/' },
      to: { path: '^src/engine/' },
    },
    {
      name: 'shared-stands-alone',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^src/', pathNot: '^src/shared/' },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    { name: 'no-test-code', severity: 'error', from: { path: '^(src|app)/' }, to: { path: '^tests/' } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
