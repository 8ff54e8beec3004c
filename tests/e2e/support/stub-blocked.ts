/** The stub's blocked addresses. */
import type { EngineCalls } from '../../../src/engine/contract';
import { now, type Stub } from './stub';
import { blockedAddresses } from './stub-data';

export function blockedCalls(stub: Stub): Pick<EngineCalls, 'blockedAddresses' | 'clearBlockedAddresses'> {
  let blocked = stub.role === 'hub' ? blockedAddresses() : [];
  return {
    blockedAddresses: () => Promise.resolve(blocked),
    clearBlockedAddresses: now(() => {
      blocked = [];
      stub.events.blockedChanged();
    }),
  };
}
