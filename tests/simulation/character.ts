import type { Random } from '../support/random';
import { NO_LIMITS } from './machine/process';
import { COMPANIES, type Company } from './schema';
import type { SessionFaults } from './world';

/**
 * What can happen in one history. Each kind of fault is there or not: where all come together, one hides what another
 * would have shown.
 */
export interface Character {
  readonly company: Company;
  readonly sites: number;
  readonly nights: number;
  readonly retention: number;
  readonly kill: boolean;
  readonly stop: boolean;
  readonly line: boolean;
  readonly flip: boolean;
  readonly full: boolean;
  readonly damage: boolean;
  readonly clocks: boolean;
  readonly away: boolean;
  readonly restored: boolean;
  readonly newColumn: boolean;
  /** Nobody works but at this place; null: everybody does. */
  readonly alone: number | null;
}

export const DAY = 86_400_000;

export function characterOf(random: Random): Character {
  // Most of what can go wrong needs few of them; what needs many comes to pass now and then.
  const many = random.chance(0.2) ? 4 + random.below(5) : 3;
  const sites = random.chance(0.85) ? random.pick([1, 2, 2]) : many;
  const alone = random.chance(0.1) ? random.below(sites + 1) : null;
  const company = random.pick(COMPANIES);
  return {
    company,
    sites,
    nights: random.pick([1, 1, 1, 1, 1, 2, 2, 3]),
    retention: random.pick([0, 3 * DAY, 30 * DAY]),
    kill: random.chance(0.5),
    stop: random.chance(0.15),
    line: random.chance(0.3),
    flip: random.chance(0.15),
    full: random.chance(0.1),
    damage: random.chance(0.1),
    clocks: random.chance(0.3),
    away: random.chance(0.2),
    restored: random.chance(0.12),
    newColumn: alone === null && company !== 'things' && random.chance(0.15),
    alone,
  };
}

/** Operations of a session: a cut falls anywhere among them, and often not at all. */
const OPERATIONS = 500;
/** Changes of a session that outlast a power cut. The first ones are the transactions: cuts fall there more often. */
const LASTING = 18;

export function faultsOf(character: Character, random: Random): SessionFaults {
  const { kill, stop, line, flip } = character;
  const between = random.chance(0.7);
  return {
    limits: {
      untilPowerOff:
        kill && !between && random.chance(0.4) ? random.below(OPERATIONS) : Number.POSITIVE_INFINITY,
      untilLasting:
        kill && between && random.chance(0.8)
          ? 1 + random.below(1 + random.below(LASTING))
          : Number.POSITIVE_INFINITY,
      untilStop: stop && random.chance(0.4) ? random.below(OPERATIONS) : Number.POSITIVE_INFINITY,
      untilWork: random.chance(0.4) ? 1 + random.below(OPERATIONS) : Number.POSITIVE_INFINITY,
    },
    line:
      line || flip
        ? { random, cut: line ? 0.25 : 0, flip: flip ? 0.3 : 0, hubOff: line && kill ? 0.05 : 0 }
        : null,
    patience: random.chance(0.3) ? 4000 : 0,
  };
}

/** Nothing fails; what the last power cut left torn is fetched again. */
export const NO_FAULTS: SessionFaults = { limits: NO_LIMITS, line: null, patience: 4000 };
