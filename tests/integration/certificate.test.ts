import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parts } from '../../src/main';
import { loadOrCreateCertificate, renewalPlan, renewCertificate } from '../../src/transport/certificate';
import { decodePairing } from '../../src/transport/pairing';
import { EngineCompany, type RunningEngine } from '../support/engines';
import { makeHubFolders } from '../support/hub-folders';

const DAY = 86_400_000;
const never = new AbortController().signal;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('a certificate is announced three months before its end, and changes two months later', () => {
  const until = Date.UTC(2046, 0, 1);
  const plan = (daysBefore: number, announcedDaysBefore: number | null): string =>
    renewalPlan({
      now: until - daysBefore * DAY,
      until,
      announcedAt: announcedDaysBefore === null ? null : until - announcedDaysBefore * DAY,
    });
  expect([plan(7000, null), plan(91, null), plan(90, null), plan(1, null), plan(-400, null)]).toEqual([
    ...['keep', 'keep', 'announce', 'announce', 'announce'],
  ]);
  expect([plan(90, 90), plan(31, 90), plan(30, 90), plan(3000, 3060)]).toEqual([
    ...['keep', 'keep', 'renew', 'renew'],
  ]);
  // Announced late, since the hub was off: for as long as that, unless it has ended and nobody can hear.
  expect([plan(0.5, 20), plan(-1, -0.5), plan(-1, 20), plan(-3, -1)]).toEqual([
    ...['keep', 'keep', 'renew', 'renew'],
  ]);
});

test('a clock that was wrong for a day changes no certificate', async () => {
  const folders = await makeHubFolders();
  ends.push(folders.remove);
  const now = new Date();
  const first = await loadOrCreateCertificate(folders.root, now);
  const wrong = new Date(now.getTime() + 30 * 365 * DAY);
  expect(await renewCertificate(folders.root, wrong)).toMatchObject({
    change: 'announced',
    certificate: first,
  });
  expect(await renewCertificate(folders.root, wrong)).toMatchObject({ change: null, certificate: first });
  expect(await renewCertificate(folders.root, now)).toEqual({ change: null, certificate: first, next: null });
});

test('a site that heard of the next certificate goes on, if only by a test; one that did not is told', async () => {
  const company = await EngineCompany.open({
    schema: `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT)`,
    sites: ['lyon', 'paris'],
    settings: { waitLimit: '0.2', receptionLimit: '0.2', acknowledgementLimit: '0.2' },
  });
  ends.push(() => company.close());
  // One that was made twenty years ago, but for eighty days.
  const tls = join(company.post('hub').data, 'tls');
  rmSync(tls, { recursive: true });
  const made = new Date(company.now() + 80 * DAY);
  made.setFullYear(made.getFullYear() - 20);
  const former = await loadOrCreateCertificate(tls, made);
  const hub = await company.start('hub');
  await hub.engine.serve();
  await hub.logged('certificate.announced');
  for (const [at, name] of ['lyon', 'paris'].entries())
    await company.pair(name, (await hub.engine.renewSite(at + 1)).code);

  const fingerprintsOf = (name: string): unknown => {
    const text = readFileSync(join(company.post(name).data, 'settings.json'), 'utf8');
    const { site } = JSON.parse(text) as { site: { fingerprint: string; nextFingerprint: string | null } };
    return [site.fingerprint, site.nextFingerprint];
  };
  const errorOf = async (name: string): Promise<string | null> =>
    (await company.session(name)).error?.code ?? null;
  await (await company.start('lyon')).engine.test();
  await company.stop('lyon');
  const { fingerprint256: next } = await loadNext(tls);
  expect(fingerprintsOf('lyon')).toEqual([former.fingerprint256, next]);
  expect(fingerprintsOf('paris')).toEqual([former.fingerprint256, null]);
  const heard = await openLink(hub);

  company.advance(61 * 24 * 60);
  await hub.engine.test();
  await hub.logged('certificate.renewed');
  // The change has cut its line, which it may not have noticed: the next one shows the other certificate.
  const status = await heard.status(never).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'hub.lineCut', retryable: true });
    return heard.status(never);
  });
  expect(status.site.number).toBe(3);
  heard.close();
  expect(await errorOf('lyon')).toBeNull();
  expect(fingerprintsOf('lyon')).toEqual([next, null]);
  expect(await errorOf('paris')).toBe('hub.fingerprint');
  await company.pair('paris', (await hub.engine.renewSite(2)).code);
  expect(await errorOf('paris')).toBeNull();
  expect((await loadOrCreateCertificate(tls)).fingerprint256).toBe(next);
});

/** A third site, whose line is open. */
async function openLink({ engine }: RunningEngine): Promise<ReturnType<typeof parts.createLink>> {
  const { secret: code, ...hub } = decodePairing((await engine.addSite('Metz')).code);
  const link = parts.createLink({ ...hub, code, secret: 's'.repeat(43) });
  expect((await link.status(never)).nextFingerprint).toMatch(/^([0-9A-F]{2}:){31}/);
  return link;
}

const loadNext = async (tls: string): Promise<{ fingerprint256: string }> => {
  const { next } = await renewCertificate(tls, new Date());
  if (next === null) throw new Error('there is no next certificate');
  return next;
};
