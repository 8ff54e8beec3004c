/** What NW.js needs of a bare Debian. Since Debian 13 some are called by another name, which ends in `t64`. */
export const RUNTIME_LIBRARIES = [
  'libnss3',
  'libatk1.0-0',
  'libatspi2.0-0',
  'libcups2',
  'libdrm2',
  'libgbm1',
  'libxcomposite1',
  'libxdamage1',
  'libxfixes3',
  'libxrandr2',
  'libxkbcommon0',
  'libpango-1.0-0',
  'libcairo2',
  'libasound2',
  'libdbus-1-3',
  // Loaded at run time: ldd does not show it.
  'libatomic1',
];
