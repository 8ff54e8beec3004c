import { isIP } from 'node:net';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { EVERY_DAY } from '../schedule/schedule';
import { parseServerAddress } from './database-address';
import { SETTINGS_VERSION } from './migrate-settings';

/** A rule that zod has no word for: the fault's key is `settings.fault.<rule>`. */
const broken = (rule: string): { params: { rule: string } } => ({ params: { rule } });

const text = z.string().trim().min(1);
const port = z.number().int().min(1).max(65_535);
/** Longest wait that makes sense, a week. */
const minutes = z.number().positive().max(10_080);
const policy = z.enum(['newest', 'hub', 'site']);
const siteNumber = z.number().int().positive();
const time = z.string().refine((text) => /^([01]\d|2[0-3]):[0-5]\d$/.test(text), broken('time'));
/** ISO: 1 is Monday. */
const weekday = z.number().int().min(1).max(7);
/** One address, without a name: what SMTP takes. */
const mailAddress = z
  .string()
  .trim()
  .refine((address) => /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(address), broken('mailAddress'));

/** `sqlite:/absolute/path`, or `mssql://…`. */
const database = z
  .string()
  .refine(
    (address) => /^[a-z]+:./.test(address) && (!isServer(address) || parseServerAddress(address) !== null),
    broken('address'),
  )
  .refine((address) => parseServerAddress(address)?.server !== '', broken('databaseServer'))
  .refine((address) => parseServerAddress(address)?.database !== '', broken('databaseName'));

const departure = z.strictObject({
  time,
  days: z
    .array(weekday)
    .min(1)
    .refine(allDiffer, broken('dayTwice'))
    .default([...EVERY_DAY]),
});

const schedule = z.strictObject({
  departures: z
    .array(departure)
    .min(1)
    .max(48)
    .default([{ time: '22:00', days: [...EVERY_DAY] }]),
  timeZone: z
    .string()
    .refine((zone) => zone === 'system' || IANAZone.isValidZone(zone), broken('timeZone'))
    .default('system'),
  /** A departure missed while the machine was off or asleep is caught up within this; 0: never. */
  catchUpMinutes: z.number().min(0).max(10_080).default(180),
});

const mail = z
  .strictObject({
    enabled: z.boolean().default(false),
    host: z.string().trim().default(''),
    port: port.default(587),
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    /** Empty where the server asks for no login. */
    user: z.string().default(''),
    password: z.string().default(''),
    from: mailAddress.or(z.literal('')).default(''),
    to: z.array(mailAddress).max(50).default([]),
    language: z.enum(['fr', 'en']).default('fr'),
    onSuccess: z.boolean().default(false),
    onWarning: z.boolean().default(true),
    /** An establishment without a complete synchronisation for longer than this is told. */
    silenceHours: z.number().min(1).max(8760).default(60),
    weeklySummary: z.strictObject({ day: weekday, time }).nullable().default(null),
  })
  .refine(({ enabled, host }) => !enabled || host !== '', { ...broken('missing'), path: ['host'] })
  .refine(({ enabled, from }) => !enabled || from !== '', { ...broken('missing'), path: ['from'] })
  .refine(({ enabled, to }) => !enabled || to.length > 0, { ...broken('missing'), path: ['to'] });

const hubSite = z.strictObject({
  number: siteNumber,
  name: text,
  user: text,
  /** Of what came with a code of an older version; null: it leaves a secret of its own, which `logins.json` has. */
  secretHash: text.nullable().default(null),
  /** The secret of its last pairing code, which opens the hub once. */
  code: z.strictObject({ hash: text, expiresAt: z.iso.datetime() }).nullable().default(null),
  active: z.boolean().default(true),
});

const passivePorts = z
  .strictObject({ from: port.default(30_000), to: port.default(30_099) })
  .refine(({ from, to }) => from <= to, broken('portsReversed'));

const blocking = z.strictObject({
  /** Failed logins of one address within the window that block it. */
  threshold: z.number().int().min(1).max(100).default(5),
  windowMinutes: minutes.default(10),
  /** 0: until someone clears it. */
  durationMinutes: z.number().min(0).max(525_600).default(60),
  /** Addresses that are never blocked, or ranges of them: `192.168.1.0/24`. */
  allow: z
    .array(z.string().refine(isAddressRange, broken('addressRange')))
    .max(100)
    .default([]),
});

const hub = z.strictObject({
  port: port.default(21),
  /** Name or address by which sites reach this machine. */
  address: text,
  passivePorts: passivePorts.prefault({}),
  tls: z.boolean().default(true),
  blocking: blocking.prefault({}),
  /** How long a pairing code can be used, days. */
  pairingDays: z.number().positive().max(365).default(7),
  sites: z
    .array(hubSite)
    .default([])
    .refine((sites) => allDiffer(sites.map(({ number }) => number)), broken('siteTwice'))
    .refine((sites) => allDiffer(sites.map(({ user }) => user)), broken('userTwice')),
});

const site = z.strictObject({
  number: siteNumber,
  host: text,
  port,
  /** Of the hub's certificate; null where encryption is turned off by hand. */
  fingerprint: text.nullable(),
  /** Of the certificate that the hub has announced. */
  nextFingerprint: text.nullable().default(null),
  user: text,
  secret: text,
  /** The pairing code's secret, until the hub has taken the one above in its place. */
  code: text.nullable().default(null),
});

/** How long what has served its purpose is kept, days. */
const retention = z.strictObject({
  /** Sent changes, batches and rounds; longer where a site has not had them yet. */
  changes: z.number().int().min(7).max(3650).default(30),
  reports: z.number().int().min(7).max(36_500).default(400),
  conflicts: z.number().int().min(30).max(36_500).default(1100),
});

/** How fast this site sends and receives, and when: a slower line would look like a dead one to the hub. */
const bandwidth = z.strictObject({
  /** Thousand bytes a second. */
  limit: z.number().min(16).max(1_000_000),
  from: time,
  /** The same as `from`: the whole day. */
  to: time,
});

const preferences = z.strictObject({
  startWithSystem: z.boolean().default(false),
  /** In the notification area, without its window. */
  startHidden: z.boolean().default(false),
  /** Full screen, without a frame. */
  kiosk: z.boolean().default(false),
  language: z.enum(['fr', 'en']).default('fr'),
  theme: z.enum(['system', 'light', 'dark']).default('system'),
});

/** The settings file: what may be left out in, everything out. */
export const settingsSchema = z
  .strictObject({
    version: z.literal(SETTINGS_VERSION),
    installation: z.uuid(),
    role: z.enum(['hub', 'site']),
    name: text,
    database,
    schedule: schedule.prefault({}),
    receptionLimit: minutes.default(60),
    /** How long a site waits for its round. */
    waitLimit: minutes.default(120),
    acknowledgementLimit: minutes.default(30),
    policies: z
      .strictObject({ default: policy.default('newest'), tables: z.record(z.string(), policy).default({}) })
      .prefault({}),
    /** At the hub: by table, columns whose changes are added up wherever they are made. */
    additive: z.record(z.string(), z.array(text).refine(allDiffer, broken('columnTwice'))).default({}),
    hub: hub.nullable().default(null),
    /** Null until the site has taken a pairing code. */
    site: site.nullable().default(null),
    /** Of a site's line; null: as fast as it can. */
    bandwidth: bandwidth.nullable().default(null),
    retention: retention.prefault({}),
    preferences: preferences.prefault({}),
    /** scrypt hash of the word that opens the configuration; null: it is open. */
    password: text.nullable().default(null),
    mail: mail.prefault({}),
  })
  .refine(({ role, hub }) => role !== 'hub' || hub !== null, { ...broken('missing'), path: ['hub'] })
  .refine(({ role, hub }) => role !== 'site' || hub === null, { ...broken('otherRole'), path: ['hub'] })
  .refine(({ role, site }) => role !== 'hub' || site === null, { ...broken('otherRole'), path: ['site'] })
  .refine(({ role, bandwidth }) => role !== 'hub' || bandwidth === null, {
    ...broken('otherRole'),
    path: ['bandwidth'],
  });

/** Those of a program that nobody has configured. */
export const defaultPreferences = preferences.parse({});

export type SettingsInput = z.input<typeof settingsSchema>;
export type Settings = z.output<typeof settingsSchema>;
export type MailSettings = Settings['mail'];

const isServer = (address: string): boolean => address.startsWith('mssql:');

function allDiffer(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

/** An IP address, or one with the length of its prefix. */
function isAddressRange(range: string): boolean {
  const [address = '', prefix, ...rest] = range.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
