// Numbers of the DNS registries. Numbers come first: what we have no name for survives as TYPE65 or CLASS254 (RFC 3597 §5).
import { usageError } from './errors.ts';

/** Record types of the IANA registry. */
export const Type = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  HHIT: 67,
  BRID: 68,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  WALLET: 262,
  CLA: 263,
  IPN: 264,
  TA: 32768,
  DLV: 32769,
} as const;

/** Classes (RFC 1035 §3.2.4, RFC 2136 §2.4). */
export const Class = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Kinds of message (RFC 1035 §4.1.1). */
export const Opcode = { Query: 0, IQuery: 1, Status: 2, Notify: 4, Update: 5, Dso: 6 } as const;

/** Response codes (RFC 6895 §2.3). Those above 15 need EDNS. */
export const Rcode = {
  NoError: 0,
  FormErr: 1,
  ServFail: 2,
  NXDomain: 3,
  NotImp: 4,
  Refused: 5,
  YXDomain: 6,
  YXRRSet: 7,
  NXRRSet: 8,
  NotAuth: 9,
  NotZone: 10,
  BadVers: 16,
  BadCookie: 23,
} as const;

/** Codes of extended errors, which say why a response is as it is (RFC 8914 §5.2). */
export const ExtendedErrorCode = {
  Other: 0,
  UnsupportedDnskeyAlgorithm: 1,
  UnsupportedDsDigestType: 2,
  StaleAnswer: 3,
  ForgedAnswer: 4,
  DnssecIndeterminate: 5,
  DnssecBogus: 6,
  SignatureExpired: 7,
  SignatureNotYetValid: 8,
  DnskeyMissing: 9,
  RrsigsMissing: 10,
  NoZoneKeyBitSet: 11,
  NsecMissing: 12,
  CachedError: 13,
  NotReady: 14,
  Blocked: 15,
  Censored: 16,
  Filtered: 17,
  Prohibited: 18,
  StaleNxdomainAnswer: 19,
  NotAuthoritative: 20,
  NotSupported: 21,
  NoReachableAuthority: 22,
  NetworkError: 23,
  InvalidData: 24,
} as const;

const typeNames = invert(Type);
const classNames = invert(Class);
const rcodeNames = invert(Rcode);

/** Text of a type: `"AAAA"`, or `"TYPE65280"` for one without a name. */
export function formatType(type: number): string {
  return typeNames.get(type) ?? `TYPE${type}`;
}

/**
 * Number of a type given as `"AAAA"` or `"TYPE28"`, in any case.
 * @throws UsageError `HAWSER_DNS_NUMBER`
 */
export function parseType(text: string): number {
  return parseNumber(text.toUpperCase(), Type, 'TYPE');
}

/** Text of a response code, as other tools print it: `"NXDOMAIN"`, or `"RCODE42"` for one without a name. */
export function formatRcode(rcode: number): string {
  return rcodeNames.get(rcode)?.toUpperCase() ?? `RCODE${rcode}`;
}

/** Text of a class: `"IN"`, or `"CLASS42"` for one without a name. */
export function formatClass(value: number): string {
  return classNames.get(value) ?? `CLASS${value}`;
}

/**
 * Number of a class given as `"IN"` or `"CLASS1"`, in any case.
 * @throws UsageError `HAWSER_DNS_NUMBER`
 */
export function parseClass(text: string): number {
  return parseNumber(text.toUpperCase(), Class, 'CLASS');
}

/** True for types that exist only in questions or in one message, and so never in a zone (RFC 6895 §3.1). */
export function isMetaType(type: number): boolean {
  return type === 0 || type === Type.OPT || (type >= 128 && type <= 255);
}

function parseNumber(
  text: string,
  known: Readonly<Record<string, number>>,
  prefix: string,
): number {
  const value = Object.hasOwn(known, text) ? known[text] : undefined;
  if (value !== undefined) return value;
  const digits = text.startsWith(prefix) ? text.slice(prefix.length) : '';
  if (/^\d{1,5}$/.test(digits) && Number(digits) <= 0xffff) return Number(digits);
  throw usageError('HAWSER_DNS_NUMBER', `Cannot use "${text}" as a DNS ${prefix.toLowerCase()}`);
}

function invert(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]));
}
