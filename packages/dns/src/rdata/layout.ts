// What the data of each type is made of: a type is a line. Names of fields are those of its RFC, in a program's spelling.
import { Type } from '../numbers.ts';
import { eui48, eui64, ipv4, ipv6, node64, nsap, u64 } from './address-fields.ts';
import { addressPrefixes } from './address-prefixes.ts';
import {
  base64,
  base64OrDash,
  base64OrNothing,
  digest,
  hashedName,
  hex,
  salt,
} from './binary-fields.ts';
import type { Field } from './field.ts';
import { chainedAddress, gateway, hostIdentity, prefixName, relayType } from './gateway-fields.ts';
import { location } from './location.ts';
import { algorithm, certificateType, mnemonic } from './mnemonic-fields.ts';
import {
  foldedName,
  hostOfMiddle,
  hostOfOld,
  nameOfMiddle,
  nameOfOld,
  plainName,
  plainNames,
  plainTarget,
} from './name-field.ts';
import { optional, recordType, u8, u16, u32 } from './number-fields.ts';
import { serviceParameters } from './service-parameters.ts';
import {
  characterString,
  characterStrings,
  oneOrTwoStrings,
  restOfText,
  tag,
} from './string-fields.ts';
import { duration, moment } from './time-fields.ts';
import { firstTypes, types, typesOrNone } from './type-bitmap.ts';
import { wellKnownServices } from './well-known-services.ts';

/** A field with its name. */
interface LayoutField {
  readonly name: string;
  readonly field: Field;
  /** `"preference of MX"`, for errors. */
  readonly label: string;
}

/** What the data of a type is made of. */
export interface Layout {
  /** In their order. */
  readonly fields: readonly LayoutField[];
  /** How many fields there are up to the last name that peers may send compressed; 0 without one. */
  readonly expanded: number;
  /** True if names in it are folded for DNSSEC. */
  readonly folds: boolean;
  /** True if there is a name that is a target, or may be compressed. */
  readonly pointing: boolean;
}

type Fields = Readonly<Record<string, Field>>;

const texts: Fields = { text: characterStrings };
const signature: Fields = {
  typeCovered: recordType,
  algorithm,
  labels: u8,
  originalTtl: duration,
  expiration: moment,
  inception: moment,
  keyTag: u16,
  signerName: foldedName,
  signature: base64,
};
const keyFields: Fields = { flags: u16, protocol: optional(u8, 3), algorithm, publicKey: base64 };
// SHA-1, SHA-256, GOST, SHA-384.
const delegation: Fields = {
  keyTag: u16,
  algorithm,
  digestType: u8,
  digest: digest(3, { 1: 20, 2: 32, 3: 32, 4: 48 }),
};
const certificate: Fields = { usage: u8, selector: u8, matchingType: u8, data: hex };
const service: Fields = { priority: u16, target: plainTarget, params: serviceParameters };
const owner: Fields = { name: nameOfOld };

const fieldsByType: Readonly<Record<string, Fields>> = {
  A: { address: ipv4 },
  NS: { host: hostOfOld },
  MD: owner,
  MF: owner,
  CNAME: { host: hostOfOld },
  SOA: {
    mname: nameOfOld,
    rname: nameOfOld,
    serial: u32,
    refresh: duration,
    retry: duration,
    expire: duration,
    minimum: duration,
  },
  MB: owner,
  MG: owner,
  MR: owner,
  WKS: { address: ipv4, services: wellKnownServices },
  PTR: { host: hostOfOld },
  HINFO: { cpu: characterString, os: characterString },
  MINFO: { responsible: nameOfOld, errors: nameOfOld },
  MX: { preference: u16, exchange: hostOfOld },
  TXT: texts,
  RP: { mailbox: nameOfMiddle, text: nameOfMiddle },
  AFSDB: { subtype: u16, host: hostOfMiddle },
  X25: { address: characterString },
  ISDN: { address: oneOrTwoStrings },
  RT: { preference: u16, host: hostOfMiddle },
  NSAP: { address: nsap },
  'NSAP-PTR': { host: foldedName },
  SIG: { ...signature, signerName: nameOfMiddle },
  KEY: { flags: u16, protocol: u8, algorithm, publicKey: base64OrNothing },
  PX: { preference: u16, map822: nameOfMiddle, mapX400: nameOfMiddle },
  GPOS: { longitude: characterString, latitude: characterString, altitude: characterString },
  AAAA: { address: ipv6 },
  LOC: { location },
  NXT: { next: nameOfMiddle, types: firstTypes },
  EID: { id: hex },
  NIMLOC: { locator: hex },
  SRV: { priority: u16, weight: u16, port: u16, target: hostOfMiddle },
  NAPTR: {
    order: u16,
    preference: u16,
    flags: characterString,
    services: characterString,
    regexp: characterString,
    replacement: hostOfMiddle,
  },
  KX: { preference: u16, exchanger: hostOfMiddle },
  CERT: { certificateType, keyTag: u16, algorithm, certificate: base64 },
  A6: { address: chainedAddress, prefix: prefixName },
  DNAME: { target: hostOfMiddle },
  SINK: { meaning: u8, coding: u8, subcoding: u8, data: base64OrNothing },
  APL: { prefixes: addressPrefixes },
  DS: delegation,
  SSHFP: { algorithm: u8, fingerprintType: u8, fingerprint: hex },
  IPSECKEY: {
    precedence: u8,
    gatewayType: u8,
    algorithm: u8,
    gateway,
    publicKey: base64OrNothing,
  },
  RRSIG: signature,
  NSEC: { next: plainName, types },
  DNSKEY: keyFields,
  DHCID: { digest: base64 },
  NSEC3: { algorithm: u8, flags: u8, iterations: u16, salt, next: hashedName, types: typesOrNone },
  NSEC3PARAM: { algorithm: u8, flags: u8, iterations: u16, salt },
  TLSA: certificate,
  SMIMEA: certificate,
  HIP: { identity: hostIdentity, servers: plainNames },
  NINFO: texts,
  RKEY: { flags: u16, protocol: u8, algorithm, publicKey: base64 },
  TALINK: { previous: plainName, next: plainName },
  CDS: delegation,
  CDNSKEY: keyFields,
  OPENPGPKEY: { key: base64 },
  CSYNC: { serial: u32, flags: u16, types: typesOrNone },
  // SHA-384, SHA-512.
  ZONEMD: { serial: u32, scheme: u8, hashAlgorithm: u8, digest: digest(5, { 1: 48, 2: 64 }) },
  SVCB: service,
  HTTPS: service,
  DSYNC: {
    type: recordType,
    scheme: mnemonic('u8', { NOTIFY: 1 }, true),
    port: u16,
    target: plainName,
  },
  HHIT: { data: base64 },
  BRID: { data: base64 },
  SPF: texts,
  NID: { preference: u16, id: node64 },
  L32: { preference: u16, locator: ipv4 },
  L64: { preference: u16, locator: node64 },
  LP: { preference: u16, host: plainTarget },
  EUI48: { address: eui48 },
  EUI64: { address: eui64 },
  URI: { priority: u16, weight: u16, target: restOfText },
  CAA: { flags: optional(u8, 0), tag, value: restOfText },
  AVC: texts,
  DOA: { enterprise: u32, type: u32, location: u8, mediaType: characterString, data: base64OrDash },
  AMTRELAY: { precedence: u8, type: relayType, relay: gateway },
  RESINFO: texts,
  WALLET: texts,
  CLA: texts,
  IPN: { eid: u64 },
  TA: delegation,
  DLV: delegation,
};

const layouts = new Map<number, Layout>(
  Object.entries(fieldsByType).map(([type, fields]) => [
    (Type as Readonly<Record<string, number>>)[type] ?? 0,
    createLayout(type, fields),
  ]),
);

/** The fields of `type`; undefined for a type whose data is octets and nothing more. */
export function layoutOf(type: number): Layout | undefined {
  return layouts.get(type);
}

function createLayout(type: string, named: Fields): Layout {
  const fields = Object.entries(named).map(([name, field]) => ({
    name,
    field,
    label: `${name} of ${type}`,
  }));
  return {
    fields,
    expanded: fields.findLastIndex(({ field }) => field.name?.expand) + 1,
    folds: fields.some(({ field }) => field.name?.fold),
    pointing: fields.some(({ field }) => field.name?.compress || field.name?.target),
  };
}
