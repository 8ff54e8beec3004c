import { IANAZone } from 'luxon';
import { z } from 'zod';
import { EVERY_DAY } from '../schedule/schedule';

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
    silenceHours: z.number().min(1).max(8760).default(48),
    weeklySummary: z.strictObject({ day: weekday, time }).nullable().default(null),
  })
  .refine(({ enabled, host }) => !enabled || host !== '', { ...broken('missing'), path: ['host'] })
  .refine(({ enabled, from }) => !enabled || from !== '', { ...broken('missing'), path: ['from'] })
  .refine(({ enabled, to }) => !enabled || to.length > 0, { ...broken('missing'), path: ['to'] });

const hubSite = z.strictObject({
  number: siteNumber,
  name: text,
  user: text,
  secretHash: text,
  active: z.boolean().default(true),
});

const passivePorts = z
  .strictObject({ from: port.default(30_000), to: port.default(30_099) })
  .refine(({ from, to }) => from <= to, broken('portsReversed'));

const hub = z.strictObject({
  port: port.default(21),
  /** Name or address by which sites reach this machine. */
  address: text,
  passivePorts: passivePorts.prefault({}),
  tls: z.boolean().default(true),
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
  user: text,
  secret: text,
});

/** The settings file: what may be left out in, everything out. */
export const settingsSchema = z
  .strictObject({
    version: z.literal(1),
    installation: z.uuid(),
    role: z.enum(['hub', 'site']),
    name: text,
    /** `sqlite:/absolute/path`. */
    database: z.string().refine((address) => /^[a-z]+:./.test(address), broken('address')),
    schedule: schedule.prefault({}),
    receptionLimit: minutes.default(60),
    /** How long a site waits for its round. */
    waitLimit: minutes.default(120),
    acknowledgementLimit: minutes.default(30),
    policies: z
      .strictObject({ default: policy.default('newest'), tables: z.record(z.string(), policy).default({}) })
      .prefault({}),
    hub: hub.nullable().default(null),
    /** Null until the site has taken a pairing code. */
    site: site.nullable().default(null),
    mail: mail.prefault({}),
  })
  .refine(({ role, hub }) => role !== 'hub' || hub !== null, { ...broken('missing'), path: ['hub'] })
  .refine(({ role, hub }) => role !== 'site' || hub === null, { ...broken('otherRole'), path: ['hub'] })
  .refine(({ role, site }) => role !== 'hub' || site === null, { ...broken('otherRole'), path: ['site'] });

export type SettingsInput = z.input<typeof settingsSchema>;
export type Settings = z.output<typeof settingsSchema>;
export type MailSettings = Settings['mail'];

function allDiffer(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
