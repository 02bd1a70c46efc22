import type { Authority } from '../contract/handler.ts';
import type { Zone } from '../zone/zone.ts';
import { answerZone } from './answer-zone.ts';

/** Answers from a zone that stays as it is. */
export function fixedZone(zone: Zone): Authority {
  return { origin: zone.origin, handle: (query) => answerZone(zone, query) };
}
