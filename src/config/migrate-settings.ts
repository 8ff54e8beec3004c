/** Settings as an older version of the program wrote them, in today's form; what is of today is left as it is. */
export function migrateSettings(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  if (!('departure' in options) || 'schedule' in options) return options;
  const { departure, ...others } = options;
  return { ...others, schedule: { departures: [{ time: departure }] } };
}
