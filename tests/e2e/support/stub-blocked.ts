/** The stub's blocked addresses. */
import type { EngineCalls } from '../../../src/engine/contract';
import { now, type Stub } from './stub';
import { blockedAddresses } from './stub-data';

type BlockedCalls = Pick<EngineCalls, 'blockedAddresses' | 'unblock' | 'clearBlockedAddresses'>;

export function blockedCalls({ role, events }: Stub): BlockedCalls {
  let blocked = role === 'hub' ? blockedAddresses() : [];
  return {
    blockedAddresses: () => Promise.resolve(blocked),
    unblock: (address) => {
      blocked = blocked.filter((entry) => entry.address !== address);
      events.blockedChanged();
      return Promise.resolve();
    },
    clearBlockedAddresses: now(() => {
      blocked = [];
      events.blockedChanged();
    }),
  };
}
