// What a zone answers, found once for each question: a zone is immutable, so its answers stay right until another zone
// takes its place. No expiry, no invalidation, the answers go with their zone.
import { type Answer, codeAnswer } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import { Opcode, Rcode, Type } from '../numbers.ts';
import { answerFrom } from '../zone/answer.ts';
import type { Zone } from '../zone/zone.ts';
import { askedBefore } from './asked-before.ts';

/** Answers of one generation. Two are kept for a zone. */
const MAX_ENTRIES = 10_000;

/** Names are looked up in a map of their own for each kind of question: joining strings costs more than a second map. */
type Generation = Map<number, Map<string, Answer>>;

/**
 * What is asked again moves into the young generation; when that is full it becomes the old one, and what was not asked for
 * meanwhile goes. Somebody who asks for random names so drops none that others ask for.
 */
interface KnownAnswers {
  young: Generation;
  old: Generation;
  count: number;
  /** Another one for each zone. */
  readonly salt: number;
}

let salts = 0;
const known = new WeakMap<Zone, KnownAnswers>();

/** The answer of `zone`, which the name asked for is in. A question that is asked often gets the same object again. */
export function answerZone(zone: Zone, query: DnsQuery): Answer {
  const refused = zoneRcode(zone, query);
  if (refused !== Rcode.NoError) return codeAnswer(refused);
  let answers = known.get(zone);
  if (answers === undefined) {
    salts = Math.imul(salts + 1, 0x9e3779b1);
    answers = { young: new Map(), old: new Map(), count: 0, salt: salts };
    known.set(zone, answers);
  }
  const kind = query.type * 2 + (query.dnssecOk ? 1 : 0);
  return answers.young.get(kind)?.get(query.key) ?? keep(answers, kind, { zone, query });
}

function keep(
  answers: KnownAnswers,
  kind: number,
  { zone, query }: { readonly zone: Zone; readonly query: DnsQuery },
): Answer {
  const { key } = query;
  const old = answers.old.get(kind)?.get(key);
  if (old === undefined && !askedBefore(key, answers.salt + kind)) return answerFrom(zone, query);
  const fresh = old ?? answerFrom(zone, query);
  if (fresh.shared === false) return fresh;
  const answer = old ?? { ...fresh, shared: true };
  if (answers.count >= MAX_ENTRIES) {
    answers.old = answers.young;
    answers.young = new Map();
    answers.count = 0;
  }
  let byName = answers.young.get(kind);
  if (byName === undefined) {
    byName = new Map();
    answers.young.set(kind, byName);
  }
  byName.set(key, answer);
  answers.count++;
  return answer;
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
