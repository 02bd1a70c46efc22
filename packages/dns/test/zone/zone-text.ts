// Zones and answers as lines of text.
import type { Answer, AnswerEntry } from '../../src/contract/answer.ts';
import { Name } from '../../src/name.ts';
import { formatType, parseType } from '../../src/numbers.ts';
import { rdataFromText, rdataToText } from '../../src/rdata/rdata-text.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';

/** SOA and NS of {@link zoneFrom}, unless its text has others. */
export const apex = `
@ SOA ns1 hostmaster 1 7200 900 1209600 60
@ NS ns1
`;

/** `owner [ttl] TYPE data`, a line each; names relative to the origin unless they end in a dot, TTL 300. `;` comments. */
export function rrsetsFrom(text: string, origin: Name): RRset[] {
  const byId = new Map<string, RRset & { records: RRset['records'][number][] }>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s;]+)\s+(?:(\d+)\s+)?([A-Z][A-Z0-9-]*)\s+(.+?)\s*$/.exec(line);
    if (match === null) continue;
    const [, owner = '', ttl = '300', typeText = '', data = ''] = match;
    const type = parseType(typeText);
    const name = nameFrom(owner, origin);
    const id = `${name.key}/${type}`;
    const rrset = byId.get(id) ?? { name, type, ttl: Number(ttl), records: [] };
    rrset.records.push(rdataFromText(type, data, { origin }));
    byId.set(id, rrset);
  }
  return [...byId.values()];
}

export function zoneFrom(text: string, origin = 'example.net'): Zone {
  const name = Name.parse(origin);
  return Zone.of(name, rrsetsFrom(/\bSOA\b/.test(text) ? text : apex + text, name));
}

export function nameFrom(text: string, origin: Name): Name {
  if (text === '@') return origin;
  return text.endsWith('.') ? Name.parse(text) : Name.parse(text).concat(origin);
}

export interface AnswerText {
  readonly rcode: number;
  readonly aa: boolean;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly glue: readonly string[];
  readonly additional: readonly string[];
}

/** `answer` to a question about `asked`, names relative to `origin`. Without TTLs, which would be noise in most tests. */
export function answerText(answer: Answer, asked: Name, origin: Name): AnswerText {
  const lines = (entries: readonly AnswerEntry[]): string[] =>
    entries.flatMap(({ rrset, owner = rrset.name }) => {
      const name = (owner === 'question' ? asked : owner).relativeTo(origin);
      return rrset.records.map(
        (rdata) => `${name} ${formatType(rrset.type)} ${rdataToText(rrset.type, rdata, origin)}`,
      );
    });
  return {
    rcode: answer.rcode,
    aa: answer.authoritative,
    answer: lines(answer.answer),
    authority: lines(answer.authority),
    glue: lines(answer.glue),
    additional: lines(answer.additional),
  };
}
