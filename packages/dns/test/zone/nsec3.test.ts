// Denials of a zone with hashed names (RFC 5155 §7.2).
import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { parseType, Rcode, Type } from '../../src/numbers.ts';
import { rdataFromText } from '../../src/rdata/rdata-text.ts';
import { answerFrom } from '../../src/zone/answer.ts';
import { nsec3Label } from '../../src/zone/nsec3-hash.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { apex, nameFrom, rrsetsFrom } from './zone-text.ts';

const parameters = { iterations: 12, salt: Buffer.from('aabbccdd', 'hex') };

// RFC 5155 Appendix A.
test.each([
  ['example', '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom'],
  ['a.example', '35mthgpgcu1qg68fab165klnsnk3dpvl'],
  ['AI.Example', 'gjeqe526plbf1g8mklp59enfd789njgi'],
  ['ns1.example', '2t7b4g4vsa5smi47k61mv5bv1a22bojr'],
  ['*.w.example', 'r53bq7cc2uvmubfu5ocmm6pers9tk9en'],
  ['x.w.example', 'b4um86eghhds6nea196smvmlo4ors995'],
  ['x.y.w.example', '2vptu5timamqttgl4luu9kg21e0aor3s'],
])('the hash of %s is that of the RFC', (name, label) => {
  expect(nsec3Label(Name.parse(name).key, parameters)).toBe(label);
});

const origin = Name.parse('example.net');
const content = rrsetsFrom(
  `${apex}
  a A 192.0.2.1
  b.deep A 192.0.2.2
  *.w A 192.0.2.3
  sub NS ns1.sub
  out NS ns1.out
  x.hidden NS ns1
  safe NS ns1
  safe DS 1 13 2 ${'00'.repeat(32)}`,
  origin,
);
/** Names with an NSEC3; `out`, `x.hidden` and `hidden` are left out as opt-out allows. */
const hashed = ['@', 'a', 'b.deep', 'deep', '*.w', 'w', 'sub', 'safe'];

const labelOf = (name: string): string => nsec3Label(nameFrom(name, origin).key, parameters);
const record = (owner: string, type: string, data: string): string => `${owner} 60 ${type} ${data}`;

function signed(): Zone {
  const labels = hashed.map(labelOf).toSorted();
  const chain = labels.flatMap((label, index) => [
    record(label, 'NSEC3', `1 1 12 aabbccdd ${labels[(index + 1) % labels.length]} A`),
    record(label, 'RRSIG', 'NSEC3 13 3 60 20300101000000 20200101000000 1 @ AAAA'),
  ]);
  const more = rrsetsFrom(
    [
      record('@', 'NSEC3PARAM', '1 0 12 aabbccdd'),
      record('@', 'RRSIG', 'SOA 13 2 600 20300101000000 20200101000000 1 @ AAAA'),
      ...chain,
    ].join('\n'),
    origin,
  );
  return Zone.of(origin, [...content, ...more]);
}

const zone = signed();

/** Of the NSEC3 records in an answer, which name each one is of, or which one it spans. */
function proofs(question: string, from: Zone = zone) {
  const [name = '', type = 'A'] = question.split(' ');
  const { key } = nameFrom(name, origin);
  const { rcode, authority } = answerFrom(from, { key, type: parseType(type), dnssecOk: true });
  const owners = authority
    .filter(({ rrset }) => rrset.type === Type.NSEC3)
    .map(({ rrset }) => rrset.name.relativeTo(origin));
  return { rcode, owners };
}

const labels = hashed.map(labelOf).toSorted();
/** The NSEC3 of this name. */
const of = labelOf;
/** The NSEC3 that spans the hash of this name, which is not there. */
const spanning = (name: string): string =>
  labels.findLast((label) => label < labelOf(name)) ?? labels.at(-1) ?? '';

describe('a zone with hashed names denies', () => {
  test.each<[string, string, number, readonly string[]]>([
    ['a type', 'a MX', Rcode.NoError, [of('a')]],
    ['a type of the origin', '@ MX', Rcode.NoError, [of('@')]],
    ['data of an empty non-terminal', 'deep A', Rcode.NoError, [of('deep')]],
    ['a name', 'q A', Rcode.NXDomain, [of('@'), spanning('q'), spanning('*')]],
    ['a name below others', 'x.y.a A', Rcode.NXDomain, [of('a'), spanning('y.a'), spanning('*.a')]],
    ['a type of a wildcard', 'x.w MX', Rcode.NoError, [of('w'), spanning('x.w'), of('*.w')]],
    ['the name that a wildcard stands for', 'y.x.w A', Rcode.NoError, [spanning('x.w')]],
    ['the signature of a delegation', 'x.sub A', Rcode.NoError, [of('sub')]],
    ['DS of a delegation', 'sub DS', Rcode.NoError, [of('sub')]],
    ['nothing of a signed delegation', 'x.safe A', Rcode.NoError, []],
    [
      'the signature of a delegation without a hash',
      'x.out A',
      Rcode.NoError,
      [of('@'), spanning('out')],
    ],
    ['DS of such a one', 'out DS', Rcode.NoError, [of('@'), spanning('out')]],
    [
      'an empty non-terminal above such a one',
      'hidden A',
      Rcode.NoError,
      [of('@'), spanning('hidden')],
    ],
    [
      'that the hash of a name is a name',
      `${labelOf('a')} NSEC3`,
      Rcode.NXDomain,
      [of('@'), spanning(labelOf('a')), spanning('*')],
    ],
  ])('%s', (_, question, rcode, owners) => {
    expect(proofs(question)).toEqual({ rcode, owners: [...new Set(owners)] });
  });

  test('what is new or gone after a change', () => {
    const label = labelOf('q');
    const name = nameFrom(label, origin);
    const rrset: RRset = {
      name,
      type: Type.NSEC3,
      ttl: 60,
      records: [rdataFromText(Type.NSEC3, `1 1 12 aabbccdd ${label} A`)],
    };
    const more = zone.change([{ name, type: Type.NSEC3, rrset }])?.zone;
    const a = rrsetsFrom('q A 192.0.2.9', origin)[0];
    const made = more?.change([{ name: nameFrom('q', origin), type: 1, rrset: a }])?.zone;
    expect(proofs('q MX', made).owners).toEqual([label]);
    const gone = made?.change([{ name, type: Type.NSEC3, rrset: undefined }])?.zone;
    expect(proofs('q2 MX', gone)).toEqual(proofs('q2 MX'));
  });

  test('nothing with proofs where hashing would take too long', () => {
    const plain = [...zone.rrsets()].filter(({ type }) => type !== Type.NSEC3PARAM);
    const slow = rrsetsFrom(record('@', 'NSEC3PARAM', '1 0 501 aabbccdd'), origin);
    expect(proofs('q A', Zone.of(origin, [...plain, ...slow])).owners).toEqual([]);
  });
});

test.each([
  [150, Type.NSEC3],
  [151, undefined],
])('%i rounds of hashing are worked through for a query, or not', (iterations, denial) => {
  const parameter = rrsetsFrom(record('@', 'NSEC3PARAM', `1 0 ${iterations} aabbccdd`), origin);
  const { denialProof } = Zone.of(origin, [...zone.rrsets(), ...parameter]);
  expect(denialProof?.type).toBe(denial);
});
