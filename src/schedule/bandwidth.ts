import { DateTime } from 'luxon';

/** How fast a site may send and receive, and at which hours of the day. */
export interface Bandwidth {
  /** Thousand bytes a second. */
  readonly limit: number;
  /** `08:00`. From then… */
  readonly from: string;
  /** … until then, past midnight where it comes before; the whole day where it is the same. */
  readonly to: string;
}

/** Bytes a second that may pass at `now` (milliseconds since 1970, UTC) where it is this hour in `zone`; null: as many as can. Pure. */
export function limitAt(bandwidth: Bandwidth | null, zone: string, now: number): number | null {
  if (bandwidth === null) return null;
  const { limit, from, to } = bandwidth;
  const time = DateTime.fromMillis(now, { zone: zone === 'system' ? 'local' : zone }).toFormat('HH:mm');
  const holds = from < to ? time >= from && time < to : time >= from || time < to;
  return holds ? limit * 1000 : null;
}
