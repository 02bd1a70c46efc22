// The answer about one name of which all is known, and that leads nowhere: what most answers made up for one question are.
import { type Answer, type AnswerEntry, answerWith } from '../contract/answer.ts';
import { isMetaType, Rcode, Type } from '../numbers.ts';
import type { RRset } from './rrset.ts';
import type { Zone } from './zone.ts';

/** Types that are no alias, no delegation and no hint where else to look. */
const simple: ReadonlySet<number> = new Set([
  Type.A,
  Type.AAAA,
  Type.TXT,
  Type.CAA,
  Type.PTR,
  Type.TLSA,
  Type.SSHFP,
]);

/**
 * What `zone` would say to a question of `type` about a name that is not its origin, if it were to hold `rrsets` there: the same
 * as if they were put into it, at a fraction of the cost. The zone itself must hold nothing but its origin and be unsigned.
 * Undefined if it takes more to know.
 */
export function answerAlone(
  zone: Zone,
  rrsets: readonly RRset[],
  type: number,
): Answer | undefined {
  if (isMetaType(type)) return undefined;
  let asked: RRset | undefined;
  for (const rrset of rrsets) {
    // Of two with the same type one counts.
    if (!simple.has(rrset.type) || rrsets.find((each) => each.type === rrset.type) !== rrset)
      return undefined;
    if (rrset.type === type) asked = rrset;
  }
  if (asked !== undefined) {
    const answer: AnswerEntry[] = [{ rrset: asked, owner: 'question' }];
    return answerWith(Rcode.NoError, { authoritative: true, answer });
  }
  const types = rrsets.map((rrset) => rrset.type).sort((one, other) => one - other);
  return answerWith(Rcode.NoError, {
    authoritative: true,
    authority: [{ rrset: zone.soa, ttl: zone.negativeTtl }],
    denial: { kind: 'nodata', owner: 'question', types },
  });
}
