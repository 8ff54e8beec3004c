import { z } from 'zod';

/** A rule that zod has no word for: the fault's key is `settings.fault.<rule>`. */
const broken = (rule: string): { params: { rule: string } } => ({ params: { rule } });

const text = z.string().trim().min(1);
const port = z.number().int().min(1).max(65_535);
/** Longest wait that makes sense, a week. */
const minutes = z.number().positive().max(10_080);
const policy = z.enum(['newest', 'hub', 'site']);
const siteNumber = z.number().int().positive();

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
    departure: z
      .string()
      .refine((time) => /^([01]\d|2[0-3]):[0-5]\d$/.test(time), broken('time'))
      .default('22:00'),
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
  })
  .refine(({ role, hub }) => role !== 'hub' || hub !== null, { ...broken('missing'), path: ['hub'] })
  .refine(({ role, hub }) => role !== 'site' || hub === null, { ...broken('otherRole'), path: ['hub'] })
  .refine(({ role, site }) => role !== 'hub' || site === null, { ...broken('otherRole'), path: ['site'] });

export type SettingsInput = z.input<typeof settingsSchema>;
export type Settings = z.output<typeof settingsSchema>;

function allDiffer(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
