/** The stub's checks of the way to the hub. */
import type { EngineCalls } from '../../../src/engine/contract';
import type { Stub } from './stub';

const unreachable = {
  key: 'error.hub.unreachable',
  params: { host: 'siege.example.org', port: 21, reason: 'ECONNREFUSED' },
};

export function testCalls({ options }: Stub): Pick<EngineCalls, 'test'> {
  const failed = options.testFails === true;
  return {
    test: () =>
      Promise.resolve([
        { name: 'database', ok: true, milliseconds: 31, message: null },
        { name: 'hub', ok: !failed, milliseconds: 148, message: failed ? unreachable : null },
      ]),
  };
}
