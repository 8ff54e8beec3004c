/** The stub's checks of the way to the hub. */
import type { CheckResult, EngineCalls } from '../../../src/engine/contract';
import { now, type Stub } from './stub';

const unreachable = {
  key: 'error.hub.unreachable',
  params: { host: 'siege.example.org', port: 21, reason: 'ECONNREFUSED' },
};

export function testCalls({ options, events }: Stub): Pick<EngineCalls, 'test' | 'stopTest'> {
  const failed = options.testFails === true;
  const checks: CheckResult[] = [
    { name: 'database', state: 'ok', milliseconds: 31, message: null, remedy: null },
    {
      name: 'port',
      state: failed ? 'failed' : 'ok',
      milliseconds: 148,
      message: failed ? unreachable : null,
      remedy: failed ? { key: 'remedy.port', params: {} } : null,
    },
  ];
  return {
    test: () => {
      for (const check of checks) events.checked(check);
      return Promise.resolve(checks);
    },
    stopTest: now(() => undefined),
  };
}
