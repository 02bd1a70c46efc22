import { SeededRandom } from '@hawser/core/testing';

/** What kind of a world a seed is. What is not in it is not waited for. */
export interface Traits {
  /** The whole zone does not fit into one message. */
  readonly large: boolean;
  /** Every change is signed (DNSSEC). */
  readonly signed: boolean;
  /** Part of what is added that goes by itself. What changes in the end tells the copies of all before. */
  readonly leased: number;
  /** Copies look only when they are told: a notice that is given up is never made up for. */
  readonly rarelyLooks: boolean;
  /** The past is forgotten after a few changes. */
  readonly shortJournal: boolean;
  /** Servers make one change of all since the serial that is asked about. */
  readonly condenses: boolean;
  /** Clocks on the wall are set. */
  readonly clocksSet: boolean;
  /** One copy hears nothing until what it has is no good any more. */
  readonly isolation: boolean;
  /** The primary leaves out steps of changes now and then, as servers with a broken journal do. */
  readonly skipsSteps: boolean;
  /** The primary says for how long a copy is good (RFC 7314). */
  readonly tellsExpire: boolean;
  /** Datagrams are repeated minutes later by somebody who overheard them. */
  readonly repeater: boolean;
}

/** Of a start of authority, in seconds. */
export interface ZoneTimers {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

export function traitsOf(seed: number): Traits {
  const random = new SeededRandom(seed * 7919);
  const chance = (probability: number): boolean => random.float() < probability;
  const rarelyLooks = chance(0.4);
  const clocksSet = chance(0.4);
  return {
    signed: chance(0.15),
    leased: rarelyLooks ? 0 : 0.15,
    rarelyLooks,
    shortJournal: chance(0.3),
    clocksSet,
    isolation: !rarelyLooks && !clocksSet && chance(0.7),
    skipsSteps: chance(0.25),
    repeater: chance(0.4),
    condenses: chance(0.25),
    large: chance(0.2),
    tellsExpire: chance(0.7),
  };
}

export function timersOf({ rarelyLooks }: Traits): ZoneTimers {
  return rarelyLooks
    ? { refresh: 3_600, retry: 1, expire: 86_400 }
    : { refresh: 4, retry: 1, expire: 14 };
}
