// What a zone answers, found once for each question: a zone is immutable, so its answers stay right until another zone
// takes its place. No expiry, no invalidation, the answers go with their zone.
import { type Answer, codeAnswer } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import { Opcode, Rcode, Type } from '../numbers.ts';
import { answerFrom } from '../zone/answer.ts';
import type { Zone } from '../zone/zone.ts';
import { askedBefore } from './asked-before.ts';
import { KnownAnswers } from './known-answers.ts';

/** A kilobyte each, and twice that where they are signed. */
const known = new KnownAnswers({ max: 100_000, maxPerZone: 20_000 });

/** The answer of `zone`, which the name asked for is in. A question that is asked often gets the same object again. */
export function answerZone(zone: Zone, query: DnsQuery): Answer {
  const refused = zoneRcode(zone, query);
  if (refused !== Rcode.NoError) return codeAnswer(refused);
  return known.get(zone, query) ?? find(zone, query);
}

function find(zone: Zone, query: DnsQuery): Answer {
  const answer = answerFrom(zone, query);
  if (answer.shared === false || !askedBefore(query.key, known.saltOf(zone, query))) return answer;
  const shared = { ...answer, shared: true };
  known.keep({ zone, question: query }, shared);
  return shared;
}

/** The answer of a zone that was made for this query alone. */
export function answerOnce(zone: Zone, query: DnsQuery): Answer {
  const refused = zoneRcode(zone, query);
  return refused === Rcode.NoError ? answerFrom(zone, query) : codeAnswer(refused);
}

/** NOTIFY, UPDATE and transfers that no handler before took are not allowed. */
function zoneRcode(zone: Zone, { opcode, type, key }: DnsQuery): number {
  if (opcode !== Opcode.Query) return key === zone.origin.key ? Rcode.Refused : Rcode.NotAuth;
  return type === Type.AXFR || type === Type.IXFR ? Rcode.Refused : Rcode.NoError;
}
