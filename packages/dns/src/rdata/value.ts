// Shapes of record data as a program writes and reads it.
import type { FieldValue } from './field.ts';
import type { ServiceParameters } from './service-parameters.ts';

/** Start of authority (RFC 1035 §3.3.13). Times in seconds. */
export interface SoaValue {
  /** Name of the primary server. */
  readonly mname: string;
  /** Mailbox of whoever is responsible, as a name: `hostmaster.example.net`. */
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** How long others may remember that something does not exist (RFC 2308). */
  readonly minimum: number;
}

/** Mail exchange (RFC 1035 §3.3.9). */
export interface MxValue {
  readonly preference: number;
  readonly exchange: string;
}

/** Where a service is (RFC 2782). */
export interface SrvValue {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** Who may issue certificates (RFC 8659). */
export interface CaaValue {
  /** 128 marks the property critical. @defaultValue 0 */
  readonly flags?: number | undefined;
  readonly tag: string;
  readonly value: string;
}

/** Where a service is and how to speak to it, of SVCB and HTTPS (RFC 9460). */
export interface ServiceValue {
  /** 0 makes it an alias of the target. */
  readonly priority: number;
  /** `"."` is the owner of the record. */
  readonly target: string;
  /** @defaultValue none */
  readonly params?: ServiceParameters | string | undefined;
}

/** The certificate of a service (RFC 6698) or of a mailbox (RFC 8162), of TLSA and SMIMEA. */
export interface CertificateValue {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  /** Hexadecimal, or octets. */
  readonly data: string | Uint8Array;
}

/** The host key of an SSH server (RFC 4255). */
export interface SshfpValue {
  readonly algorithm: number;
  readonly fingerprintType: number;
  /** Hexadecimal, or octets. */
  readonly fingerprint: string | Uint8Array;
}

/** The digest of a key, of DS, CDS, DLV and TA (RFC 4034 §5). */
export interface DelegationValue {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  /** Hexadecimal, or octets. */
  readonly digest: string | Uint8Array;
}

/** A public key, of DNSKEY and CDNSKEY (RFC 4034 §2). */
export interface KeyValue {
  readonly flags: number;
  /** @defaultValue 3 */
  readonly protocol?: number | undefined;
  readonly algorithm: number;
  /** Base64, or octets. */
  readonly publicKey: string | Uint8Array;
}

/** A signature (RFC 4034 §3). Moments in seconds since 1970. */
export interface SignatureValue {
  /** By its name, or by number. */
  readonly typeCovered: string | number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtl: number;
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signerName: string;
  /** Base64, or octets. */
  readonly signature: string | Uint8Array;
}

/** The next name and the types of this one (RFC 4034 §4). */
export interface NsecValue {
  readonly next: string;
  readonly types: readonly string[];
}

/** A rule to rewrite a name with (RFC 3403). */
export interface NaptrValue {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly services: string;
  readonly regexp: string;
  readonly replacement: string;
}

/** A URI (RFC 7553). */
export interface UriValue {
  readonly priority: number;
  readonly weight: number;
  readonly target: string;
}

/** Fields of a type that has no interface here, by the names of its RFC: `{ preference: 10, host: "r.example.net" }`. */
export type RecordFields = Readonly<Record<string, FieldValue | undefined>>;

/**
 * Data of one record. Text is what a zone file has: `"10 mail.example.net"` for MX; names in it are absolute, with or without
 * a final dot. Only TXT and other types of nothing but strings are different: their text is taken as it is, one string, and a
 * list is several. An object has the fields of the type. Any type may be given as octets, or as `"\# 4 c0000207"` (RFC 3597 §5),
 * which is also how types without a form of their own are read.
 */
export type RecordValue =
  | string
  | readonly string[]
  | SoaValue
  | MxValue
  | SrvValue
  | CaaValue
  | ServiceValue
  | CertificateValue
  | SshfpValue
  | DelegationValue
  | KeyValue
  | SignatureValue
  | NsecValue
  | NaptrValue
  | UriValue
  | RecordFields
  | Uint8Array;

/** One value or several. */
export type OneOrMany<T> = T | readonly T[];

/**
 * What a name holds, by type. `ttl` is for all of them, in seconds. A name in a value is whole, with or without a final dot, but
 * for a single label without one, which is in the zone, and `"@"`.
 */
export interface HostRecords {
  readonly ttl?: number | undefined;
  readonly A?: OneOrMany<string> | undefined;
  readonly AAAA?: OneOrMany<string> | undefined;
  readonly CNAME?: string | undefined;
  readonly DNAME?: string | undefined;
  readonly NS?: OneOrMany<string> | undefined;
  readonly PTR?: OneOrMany<string> | undefined;
  readonly TXT?: string | readonly (string | readonly string[])[] | undefined;
  readonly MX?: OneOrMany<MxValue | string> | undefined;
  readonly SRV?: OneOrMany<SrvValue | string> | undefined;
  readonly CAA?: OneOrMany<CaaValue | string> | undefined;
  readonly SOA?: SoaValue | undefined;
  readonly SVCB?: OneOrMany<ServiceValue | string> | undefined;
  readonly HTTPS?: OneOrMany<ServiceValue | string> | undefined;
  readonly TLSA?: OneOrMany<CertificateValue | string> | undefined;
  readonly SMIMEA?: OneOrMany<CertificateValue | string> | undefined;
  readonly SSHFP?: OneOrMany<SshfpValue | string> | undefined;
  readonly DS?: OneOrMany<DelegationValue | string> | undefined;
  readonly CDS?: OneOrMany<DelegationValue | string> | undefined;
  readonly DNSKEY?: OneOrMany<KeyValue | string> | undefined;
  readonly CDNSKEY?: OneOrMany<KeyValue | string> | undefined;
  readonly NAPTR?: OneOrMany<NaptrValue | string> | undefined;
  readonly URI?: OneOrMany<UriValue | string> | undefined;
  readonly [type: `TYPE${number}`]: OneOrMany<string | Uint8Array> | undefined;
}
