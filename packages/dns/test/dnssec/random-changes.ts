// Changes of a small world of names, in which everything happens soon: delegations come and go above names, names vanish.
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import type { Edit, Zone } from '../../src/zone/zone.ts';
import type { Seeded } from '../seeded.ts';

const origin = Name.parse('example.net');
const labels = ['a', 'B', 'c', '*', 'z', '\\000', 'é', 'x-', '\\255'.repeat(63)];

export function randomEdits(random: Seeded, zone: Zone): Edit[] {
  return Array.from({ length: 1 + random.below(4) }, () => randomEdit(random, zone));
}

function randomEdit(random: Seeded, zone: Zone): Edit {
  const name = randomName(random);
  const isApex = name.equals(origin);
  const held = zone.node(name.key)?.list ?? [];
  if (held.length > 0 && random.below(2) === 0) {
    const { type } = random.pick(held);
    const stays = isApex && (type === Type.SOA || type === Type.NS);
    if (!stays) return { name, type, rrset: undefined };
  }
  const alias = held.some(({ type }) => type === Type.CNAME);
  const types = ['A', 'AAAA', 'TXT', 'MX', 'NS', 'DS', 'DNAME', 'CNAME'] as const;
  const data = held.some(({ type }) => type !== Type.RRSIG && type !== Type.NSEC);
  let type = random.pick(types);
  if (alias) type = 'CNAME';
  else if (type === 'CNAME' && (data || isApex)) type = 'A';
  if (isApex && (type === 'NS' || type === 'DS' || type === 'DNAME')) type = 'TXT';
  const values = {
    A: ['192.0.2.1', `192.0.2.${random.below(256)}`],
    AAAA: [`2001:db8::${random.below(100)}`],
    TXT: [`text ${random.below(100)}`],
    MX: ['10 Mail.example.NET', `20 m${random.below(9)}.example.net`],
    NS: [`ns${random.below(5)}.example.org`],
    DS: [`${random.below(60_000)} 13 2 ${'ab'.repeat(32)}`],
    DNAME: ['Elsewhere.example.org'],
    CNAME: [`target${random.below(5)}.example.org`],
  }[type];
  const number = Type[type];
  const ttl = random.pick([60, 300, 86_400]);
  return { name, type: number, rrset: createRRset(name, number, { ttl, values }) };
}

function randomName(random: Seeded): Name {
  let name = origin;
  for (let depth = random.below(4); depth > 0; depth--)
    name = Name.parse(random.pick(labels)).concat(name);
  return name;
}
