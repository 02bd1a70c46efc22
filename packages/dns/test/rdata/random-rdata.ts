// Random data of every type with a presentation, as text that is valid but not as we would print it.
import { Name } from '../../src/name.ts';
import { formatIPv4, formatIPv6 } from '../../src/rdata/address.ts';
import { toBase32Hex } from '../../src/rdata/binary-fields.ts';
import type { Seeded } from '../seeded.ts';

type Make = (random: Seeded) => string;

const u8: Make = (random) => String(random.below(256));
const u16: Make = (random) => String(random.below(65_536));
const u32: Make = (random) => String(random.below(2 ** 32));
const ipv4: Make = (random) => formatIPv4(random.octets(4));
const ipv6: Make = (random) => {
  const octets = random.octets(16);
  const from = random.below(17);
  octets.fill(0, from, Math.min(16, from + random.below(8)));
  return random.below(4) === 0 ? hexGroups(octets) : formatIPv6(octets);
};
const name: Make = (random) => {
  const labels = Array.from({ length: random.below(5) }, () => label(random));
  const text = Name.fromLabels(labels).toString();
  return text === '.' || random.below(2) === 0 ? text : `${text}.`;
};
const hex: Make = (random) => cut(random, random.octets(1 + random.below(40)).toString('hex'));
const base64: Make = (random) => {
  return cut(random, random.octets(1 + random.below(60)).toString('base64'));
};
const string: Make = (random) => {
  const octets = random.octets(random.below(random.pick([3, 20, 256])));
  const text = Array.from(octets, (octet) => escaped(octet, random)).join('');
  return `"${text}"`;
};
const strings: Make = (random) => many(random, 1, string);
const type: Make = (random) =>
  random.pick(['A', 'NS', 'TYPE1', 'caa', 'TYPE65280', 'DLV', 'TYPE0']);
const types: Make = (random) => many(random, 1, type);
const moment: Make = (random) => random.pick(['20300101000000', '19700101000000', u32(random)]);
const salt: Make = (random) =>
  random.below(3) ? random.octets(random.below(256)).toString('hex') || '-' : '-';
const gateway: Make = (random) => {
  const kind = random.below(4);
  const text = [() => '.', ipv4, ipv6, name][kind]?.(random);
  return `${kind} ${text}`;
};
const digests = [
  [1, 20],
  [2, 32],
  [4, 48],
  [99, 7],
] as const;
const delegation: Make = (random) => {
  const [kind, length] = random.pick(digests);
  return `${u16(random)} ${u8(random)} ${kind} ${cut(random, random.octets(length).toString('hex'))}`;
};
const key: Make = (random) => `${u16(random)} ${u8(random)} ${u8(random)} ${base64(random)}`;
const signature: Make = (random) =>
  [type, u8, u8, u32, moment, moment, u16, name, base64].map((make) => make(random)).join(' ');
const preferred: Make = (random) => `${u16(random)} ${name(random)}`;
const twoNames: Make = (random) => `${name(random)} ${name(random)}`;
const certificate: Make = (random) => `${u8(random)} ${u8(random)} ${u8(random)} ${hex(random)}`;
const groups: Make = (random) => hexGroups(random.octets(8));
const pairs = (count: number) => (random: Seeded) =>
  Array.from(random.octets(count), (octet) => octet.toString(16).padStart(2, '0')).join('-');
const angle = (most: number, plus: string, minus: string) => (random: Seeded) => {
  const parts = [
    String(random.below(most)),
    String(random.below(60)),
    `${random.below(60)}.${random.below(1000)}`,
  ];
  return `${parts.slice(0, 1 + random.below(3)).join(' ')} ${random.pick([plus, minus])}`;
};
const metres: Make = (random) =>
  `${random.below(42_000_000)}.${random.below(100)}${random.pick(['', 'm'])}`;
const precision: Make = (random) => `${random.below(10)}${'0'.repeat(random.below(7))}m`;
const prefix: Make = (random) => {
  const not = random.pick(['', '!']);
  return random.below(2) === 0
    ? `${not}1:${ipv4(random)}/${random.below(33)}`
    : `${not}2:${ipv6(random)}/${random.below(129)}`;
};
const parameters: readonly Make[] = [
  (random) =>
    `alpn="${many(random, 1, () => random.pick(['h2', 'h3', 'f\\\\\\\\oo\\\\,bar', '\\000'])).replaceAll(' ', ',')}"`,
  (random) => `port=${u16(random)}`,
  (random) => `ipv4hint=${many(random, 1, ipv4).replaceAll(' ', ',')}`,
  (random) => `ipv6hint="${many(random, 1, ipv6).replaceAll(' ', ',')}"`,
  (random) => `ech=${random.octets(1 + random.below(9)).toString('base64')}`,
  () => 'dohpath=/dns-query{?dns}',
  () => 'ohttp',
  (random) => `key${1000 + random.below(60_000)}=${string(random)}`,
  () => 'key999',
];
const service: Make = (random) => {
  const chosen = parameters.filter(() => random.below(2) === 0).map((make) => make(random));
  return [u16(random), name(random), ...chosen.sort(() => random.below(3) - 1)].join(' ');
};

const makers: Readonly<Record<string, Make>> = {
  A: ipv4,
  NS: name,
  MD: name,
  MF: name,
  CNAME: name,
  SOA: (random) => [name, name, u32, u32, u32, u32, u32].map((make) => make(random)).join(' '),
  MB: name,
  MG: name,
  MR: name,
  WKS: (random) =>
    `${ipv4(random)} ${random.pick(['TCP', 'udp', u8(random)])} ${many(random, 0, u16)}`,
  PTR: name,
  HINFO: (random) => `${string(random)} ${string(random)}`,
  MINFO: twoNames,
  MX: preferred,
  TXT: strings,
  RP: twoNames,
  AFSDB: preferred,
  X25: string,
  ISDN: (random) => `${string(random)} ${random.pick(['', string(random)])}`,
  RT: preferred,
  NSAP: (random) => `0x${random.octets(1 + random.below(20)).toString('hex')}`,
  'NSAP-PTR': name,
  SIG: signature,
  KEY: key,
  PX: (random) => `${u16(random)} ${twoNames(random)}`,
  GPOS: (random) => `${string(random)} ${string(random)} ${string(random)}`,
  AAAA: ipv6,
  LOC: (random) =>
    [
      angle(90, 'N', 'S')(random),
      angle(180, 'E', 'w')(random),
      random.pick(['-99999.99m', metres(random)]),
      ...[precision, precision, precision].map((make) => make(random)).slice(random.below(4)),
    ].join(' '),
  NXT: (random) =>
    `${name(random)} ${many(random, 1, () => random.pick(['A', 'NS', 'NXT', 'TYPE127']))}`,
  EID: hex,
  NIMLOC: hex,
  SRV: (random) => `${u16(random)} ${u16(random)} ${preferred(random)}`,
  NAPTR: (random) => [u16, u16, string, string, string, name].map((make) => make(random)).join(' '),
  KX: preferred,
  CERT: (random) =>
    `${random.pick(['PKIX', 'oid', u16(random)])} ${u16(random)} ${u8(random)} ${base64(random)}`,
  A6: (random) =>
    random.pick([
      `0 ${ipv6(random)}`,
      `${1 + random.below(127)} ${ipv6(random)} ${name(random)}`,
      `128 ${name(random)}`,
    ]),
  DNAME: name,
  SINK: (random) =>
    `${u8(random)} ${u8(random)} ${u8(random)} ${random.pick(['', base64(random)])}`,
  APL: (random) => many(random, 0, prefix),
  DS: delegation,
  SSHFP: (random) => `${u8(random)} ${u8(random)} ${hex(random)}`,
  IPSECKEY: (random) => {
    const [kind, text] = gateway(random).split(/ (.*)/s);
    return `${u8(random)} ${kind} ${u8(random)} ${text} ${base64(random)}`;
  },
  RRSIG: signature,
  NSEC: (random) => `${name(random)} ${types(random)}`,
  DNSKEY: key,
  DHCID: base64,
  NSEC3: (random) =>
    `1 ${u8(random)} ${u16(random)} ${salt(random)} ${toBase32Hex(random.octets(1 + random.below(255)))} ${many(random, 0, type)}`,
  NSEC3PARAM: (random) => `1 ${u8(random)} ${u16(random)} ${salt(random)}`,
  TLSA: certificate,
  SMIMEA: certificate,
  HIP: (random) =>
    `${u8(random)} ${random.octets(1 + random.below(255)).toString('hex')} ${random.octets(1 + random.below(99)).toString('base64')} ${many(random, 0, name)}`,
  NINFO: strings,
  RKEY: key,
  TALINK: twoNames,
  CDS: delegation,
  CDNSKEY: key,
  OPENPGPKEY: base64,
  CSYNC: (random) => `${u32(random)} ${u16(random)} ${many(random, 0, type)}`,
  ZONEMD: (random) => `${u32(random)} ${u8(random)} 2 ${random.octets(64).toString('hex')}`,
  SVCB: service,
  HTTPS: service,
  DSYNC: (random) => `${type(random)} ${random.pick(['NOTIFY', u8(random)])} ${preferred(random)}`,
  HHIT: base64,
  BRID: base64,
  SPF: strings,
  NID: (random) => `${u16(random)} ${groups(random)}`,
  L32: (random) => `${u16(random)} ${ipv4(random)}`,
  L64: (random) => `${u16(random)} ${groups(random)}`,
  LP: preferred,
  EUI48: pairs(6),
  EUI64: pairs(8),
  URI: (random) => `${u16(random)} ${u16(random)} ${string(random)}`,
  CAA: (random) => `${u8(random)} ${random.pick(['issue', 'IODEF', 'x9'])} ${string(random)}`,
  AVC: strings,
  DOA: (random) =>
    `${u32(random)} ${u32(random)} ${u8(random)} ${string(random)} ${random.pick(['-', base64(random)])}`,
  AMTRELAY: (random) => `${u8(random)} ${random.below(2)} ${gateway(random)}`,
  RESINFO: strings,
  WALLET: strings,
  CLA: strings,
  IPN: (random) => random.octets(8).readBigUInt64BE().toString(),
  TA: delegation,
  DLV: delegation,
};

/** Types that {@link randomText} knows. */
export const textTypes: readonly string[] = Object.keys(makers);

/** Valid presentation of data of `typeName`. */
export function randomText(typeName: string, random: Seeded): string {
  return makers[typeName]?.(random).trim() ?? '';
}

function label(random: Seeded): Buffer {
  if (random.below(3) > 0) return Buffer.from(random.pick(['example', 'net', 'a', 'WWW', '*']));
  return random.octets(1 + random.below(random.pick([2, 40])));
}

/** Octets as they may stand in quotes, one way or another. */
function escaped(octet: number, random: Seeded): string {
  const char = String.fromCharCode(octet);
  if (/[ !#-/0-[\]-~]/.test(char)) {
    return /\D/.test(char) && random.below(9) === 0 ? `\\${char}` : char;
  }
  return char === '"' || char === '\\' ? `\\${char}` : `\\${String(octet).padStart(3, '0')}`;
}

function hexGroups(octets: Buffer): string {
  return (octets.toString('hex').match(/.{4}/g) ?? []).join(':');
}

/** Digits may be cut into words anywhere. */
function cut(random: Seeded, digits: string): string {
  const at = 1 + random.below(digits.length);
  return random.below(3) === 0 ? `${digits.slice(0, at)} ${digits.slice(at)}` : digits;
}

function many(random: Seeded, least: number, make: Make): string {
  return Array.from({ length: least + random.below(4) }, () => make(random)).join(' ');
}
