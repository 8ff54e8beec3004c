import { expect, test } from 'vitest';
import { redact, secretsOf } from '../../../src/config/secrets';
import { newSettings } from '../../../src/config/settings';

const common = {
  installation: '0b9b1c1e-8f0e-4c3a-9a57-3d3b6f3f1f10',
  name: 'Lyon',
  database: 'sqlite:/lyon.db',
};

test('the secret of a pairing code that nobody has used yet is one, at the site and as the hub keeps it', () => {
  const site = {
    ...newSettings({ ...common, role: 'site' }),
    site: {
      ...{ number: 1, host: 'siege.example', port: 21, fingerprint: null, nextFingerprint: null },
      ...{ user: 'site-1', secret: 'the lasting one', code: 'the one of the code' },
    },
  };
  expect(redact('the lasting one, the one of the code', secretsOf(site))).toBe('•••, •••');
  const { hub, ...others } = newSettings({ ...common, role: 'hub', port: '21', address: 'siege.example' });
  if (hub === null) return expect.unreachable();
  const code = { hash: 'hash of the code', expiresAt: '2026-12-01T00:00:00.000Z' };
  const account = { number: 1, name: 'Lyon', user: 'site-1', secretHash: null, code, active: true };
  const secrets = secretsOf({ ...others, hub: { ...hub, sites: [account] } });
  expect(redact('a hash of the code', secrets)).toBe('a •••');
});
