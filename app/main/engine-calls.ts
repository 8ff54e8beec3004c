import type { EngineCalls } from '../../src/engine/contract';

/** Calls the engine by name. */
type Call = <Name extends keyof EngineCalls>(
  name: Name,
  ...args: Parameters<EngineCalls[Name]>
) => Promise<Awaited<ReturnType<EngineCalls[Name]>>>;

/** Every call of the contract, each by its name. */
export function callsThrough(call: Call): EngineCalls {
  return {
    overview: () => call('overview'),
    log: () => call('log'),
    clearLog: () => call('clearLog'),
    history: (query) => call('history', query),
    exportHistory: (query, words) => call('exportHistory', query, words),
    report: (id) => call('report', id),
    startSession: () => call('startSession'),
    stopSession: () => call('stopSession'),
    resetTimers: () => call('resetTimers'),
    test: () => call('test'),
    stopTest: () => call('stopTest'),
    examine: () => call('examine'),
    writeSupport: (file, host) => call('writeSupport', file, host),
    information: (host) => call('information', host),
    conflicts: (query) => call('conflicts', query),
    restoreConflict: (id, which) => call('restoreConflict', id, which),
    retryRefused: () => call('retryRefused'),
    compare: (request) => call('compare', request),
    repair: (request) => call('repair', request),
    stopComparison: () => call('stopComparison'),
    blockedAddresses: () => call('blockedAddresses'),
    unblock: (address) => call('unblock', address),
    clearBlockedAddresses: () => call('clearBlockedAddresses'),
    settings: () => call('settings'),
    validateSettings: (draft) => call('validateSettings', draft),
    saveSettings: (draft) => call('saveSettings', draft),
    initialise: (installation) => call('initialise', installation),
    testDatabase: (address) => call('testDatabase', address),
    sendTestMail: (mail) => call('sendTestMail', mail),
    tables: () => call('tables'),
    prepare: () => call('prepare'),
    unprepare: () => call('unprepare'),
    sites: () => call('sites'),
    addSite: (name) => call('addSite', name),
    renewSite: (number) => call('renewSite', number),
    renameSite: (number, name) => call('renameSite', number, name),
    retireSite: (number) => call('retireSite', number),
    pair: (code) => call('pair', code),
    unlock: (password) => call('unlock', password),
    lock: () => call('lock'),
    setPassword: (password) => call('setPassword', password),
    recover: () => call('recover'),
    writeSnapshot: (file, passphrase) => call('writeSnapshot', file, passphrase),
    startFrom: (start) => call('startFrom', start),
    stopSnapshot: () => call('stopSnapshot'),
    resend: (since) => call('resend', since),
    shutdown: () => call('shutdown'),
  };
}
