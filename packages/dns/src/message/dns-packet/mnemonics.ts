// Numbers as dns-packet spells them. What it does not know is `UNKNOWN_65` to it; we also read our own spelling and that of
// RFC 3597, and never take a word we do not know for 0, as it does.
import { usageError } from '../../errors.ts';
import { Class, parseType, Type } from '../../numbers.ts';

const knownTypes: readonly (keyof typeof Type)[] =
  'A NULL AAAA AFSDB APL CAA CDNSKEY CDS CERT CNAME DHCID DLV DNAME DNSKEY DS HIP HINFO IPSECKEY KEY KX LOC MX NAPTR NS NSEC NSEC3 NSEC3PARAM PTR RRSIG RP SIG SOA SPF SRV SSHFP TA TKEY TLSA TSIG TXT AXFR IXFR OPT ANY'.split(
    ' ',
  ) as (keyof typeof Type)[];
const typeNames = new Map<number, string>(knownTypes.map((name) => [Type[name], name]));
const classNames: readonly [string, number][] = [
  ['IN', Class.IN],
  ['CS', 2],
  ['CH', Class.CH],
  ['HS', Class.HS],
  ['ANY', Class.ANY],
];
const opcodeNames = ['QUERY', 'IQUERY', 'STATUS', 'OPCODE_3', 'NOTIFY', 'UPDATE'];
const rcodeNames =
  'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE'.split(
    ' ',
  );
const optionNames: readonly [string, number][] = [
  ['LLQ', 1],
  ['UL', 2],
  ['NSID', 3],
  ['DAU', 5],
  ['DHU', 6],
  ['N3U', 7],
  ['CLIENT_SUBNET', 8],
  ['EXPIRE', 9],
  ['COOKIE', 10],
  ['TCP_KEEPALIVE', 11],
  ['PADDING', 12],
  ['CHAIN', 13],
  ['KEY_TAG', 14],
  ['DEVICEID', 26946],
];

export function typeText(type: number): string {
  return typeNames.get(type) ?? `UNKNOWN_${type}`;
}

/** @throws UsageError `HAWSER_DNS_NUMBER` */
export function typeNumber(text: string): number {
  if (text === '*') return Type.ANY;
  return numberAfter('UNKNOWN_', text) ?? parseType(text);
}

export function classText(klass: number): string {
  return classNames.find(([, number]) => number === klass)?.[0] ?? `UNKNOWN_${klass}`;
}

/** @throws UsageError `HAWSER_DNS_NUMBER` */
export function classNumber(text: string): number {
  const upper = text.toUpperCase();
  if (upper === 'NONE') return Class.NONE;
  const known = classNames.find(([name]) => name === upper)?.[1];
  const found = known ?? numberAfter('UNKNOWN_', upper) ?? numberAfter('CLASS', upper);
  if (found === undefined) throw unknown('class', text);
  return found;
}

export function opcodeText(opcode: number): string {
  return opcodeNames[opcode] ?? `OPCODE_${opcode}`;
}

/** @throws UsageError `HAWSER_DNS_NUMBER` */
export function opcodeNumber(text: string): number {
  return numbered({ text, names: opcodeNames, prefix: 'OPCODE_', max: 15 });
}

/** The low four bits of a response code, as in the header. */
export function rcodeText(rcode: number): string {
  return rcodeNames[rcode & 15] ?? `RCODE_${rcode & 15}`;
}

/** @throws UsageError `HAWSER_DNS_NUMBER` */
export function rcodeNumber(text: string): number {
  return numbered({ text, names: rcodeNames, prefix: 'RCODE_', max: 15 });
}

export function optionText(code: number): string {
  return optionNames.find(([, number]) => number === code)?.[0] ?? `OPTION_${code}`;
}

/** @throws UsageError `HAWSER_DNS_NUMBER` */
export function optionNumber(code: number | string): number {
  if (typeof code === 'string') {
    const upper = code.toUpperCase();
    const known = optionNames.find(([name]) => name === upper)?.[1];
    const found = known ?? numberAfter('OPTION_', upper);
    if (found !== undefined) return found;
  } else if (Number.isInteger(code) && code >= 0 && code <= 0xffff) {
    return code;
  }
  throw unknown('option', String(code));
}

function numbered(of: {
  readonly text: string;
  readonly names: readonly string[];
  readonly prefix: string;
  readonly max: number;
}): number {
  const upper = of.text.toUpperCase();
  const index = of.names.indexOf(upper);
  const found = index >= 0 ? index : numberAfter(of.prefix, upper);
  if (found === undefined || found > of.max) throw unknown('code', of.text);
  return found;
}

function numberAfter(prefix: string, text: string): number | undefined {
  const upper = text.toUpperCase();
  const digits = upper.startsWith(prefix) ? upper.slice(prefix.length) : '';
  return /^\d{1,5}$/.test(digits) && Number(digits) <= 0xffff ? Number(digits) : undefined;
}

function unknown(what: string, text: string): Error {
  return usageError('HAWSER_DNS_NUMBER', `Cannot use "${text.slice(0, 80)}" as a DNS ${what}`);
}
