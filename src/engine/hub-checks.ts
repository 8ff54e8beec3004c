import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { createServer, isIP } from 'node:net';
import { DateTime } from 'luxon';
import type { DataFolder } from '../config/data-folder';
import type { Settings } from '../config/settings';
import type { HistoryLine } from '../report/report';
import { SyncError } from '../shared/errors';
import { found, type Check, type Finding } from './checks';
import { checkDatabase, checkSchema } from './database-checks';
import type { Parts } from './parts';
import { hubOf } from './site-accounts';

export interface HubCheckOptions {
  readonly parts: Parts;
  readonly settings: Settings;
  readonly paths: DataFolder;
  /** Starts the FTP server where it does not run; rejects with `ftp.*` where it cannot. */
  readonly startServer: () => Promise<void>;
  /** The last session, which cannot have been held in the future. */
  readonly last: HistoryLine | null;
}

/** All that a hub needs for its establishments to reach it. */
export function hubChecks({ parts, settings, paths, startServer, last }: HubCheckOptions): readonly Check[] {
  const { port, tls, passivePorts, address } = hubOf(settings);
  const onThisMachine = { host: '127.0.0.1', port, user: '', secret: '' };
  return [
    { name: 'database', needs: [], run: () => checkDatabase(parts, settings) },
    { name: 'schema', needs: ['database'], run: () => checkSchema(parts, settings, null) },
    { name: 'ftp', needs: [], run: () => startServer().then(() => null) },
    {
      name: 'port',
      needs: ['ftp'],
      run: async () => {
        await probing(parts, { ...onThisMachine, fingerprint: null }, (probe) => probe.connect());
        return found('ok', 'listening', { port });
      },
    },
    {
      name: 'certificate',
      needs: ['ftp', 'port'],
      run: async () => {
        if (!tls) return found('warning', 'unencrypted');
        const { cert, fingerprint } = await parts.certificate(paths.tls);
        await probing(parts, { ...onThisMachine, fingerprint }, (probe) => probe.certificate());
        return validity(cert, parts.clock.now());
      },
    },
    { name: 'passivePorts', needs: [], run: () => checkPassivePorts(passivePorts) },
    { name: 'address', needs: [], run: () => checkAddress(address) },
    { name: 'clock', needs: [], run: () => checkClock(last, parts.clock.now()) },
  ];
}

async function probing(
  { createProbe }: Parts,
  options: Parameters<Parts['createProbe']>[0],
  work: (probe: ReturnType<Parts['createProbe']>) => Promise<void>,
): Promise<void> {
  const probe = createProbe(options);
  try {
    await work(probe);
  } finally {
    probe.close();
  }
}

/** A site's line is refused where the certificate is not valid on its day. */
function validity(pem: string, now: number): Finding {
  const certificate = new X509Certificate(pem);
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const until = new Date(to).toISOString().slice(0, 10);
  if (now < from || now > to) throw new SyncError('check.certificateDate', { params: { until } });
  return found('ok', 'certificateUntil', { until });
}

/** Every data connection takes one of these for as long as it lasts. */
async function checkPassivePorts({ from, to }: { from: number; to: number }): Promise<Finding> {
  let free = 0;
  for (let port = from; port <= to; port += 1) if (await canListen(port)) free += 1;
  const count = to - from + 1;
  if (free === 0) throw new SyncError('check.passivePortsTaken', { params: { from, to } });
  return free === count
    ? found('ok', 'passivePorts', { from, to })
    : found('warning', 'passivePortsTaken', { count: count - free, from, to });
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The name under which sites look for this machine. */
async function checkAddress(host: string): Promise<Finding> {
  const addresses = await lookup(host, { all: true }).catch((error: unknown) => {
    throw new SyncError('check.unknownHost', { params: { host }, cause: error });
  });
  const list = addresses.map(({ address }) => address);
  const known = isIP(host) === 0 ? list.join(', ') : host;
  return list.every(isPrivate)
    ? found('warning', 'privateAddress', { addresses: known })
    : found('ok', 'addresses', { addresses: known });
}

/** Addresses that only machines of the same network reach. */
const isPrivate = (address: string): boolean =>
  /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe[89ab])/i.test(address);

/** Nothing here knows the right time; but a clock that stands before the last session was set back. */
function checkClock(last: HistoryLine | null, now: number): Promise<Finding> {
  if (last !== null && Date.parse(last.startedAt) > now)
    return Promise.reject(new SyncError('check.clockBack', { params: { at: last.startedAt } }));
  return Promise.resolve(found('ok', 'time', { time: DateTime.fromMillis(now).toFormat('HH:mm') }));
}
