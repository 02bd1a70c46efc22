// Shapes of record data as a program writes and reads it.

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

/**
 * Data of one record. Text for addresses and names (absolute, with or without a final dot); text, or a list of strings, for
 * TXT; text such as `"10 mail.example.net"` is accepted for MX, SRV and CAA too. Any type may be given as octets, or as
 * `"\# 4 c0000207"` (RFC 3597 §5), which is also how types without a shape of their own are read.
 */
export type RecordValue =
  | string
  | readonly string[]
  | SoaValue
  | MxValue
  | SrvValue
  | CaaValue
  | Uint8Array;

/** One value or several. */
export type OneOrMany<T> = T | readonly T[];

/** What a name holds, by type. `ttl` is for all of them, in seconds. */
export interface HostRecords {
  readonly ttl?: number | undefined;
  readonly A?: OneOrMany<string> | undefined;
  readonly AAAA?: OneOrMany<string> | undefined;
  readonly CNAME?: string | undefined;
  readonly NS?: OneOrMany<string> | undefined;
  readonly PTR?: OneOrMany<string> | undefined;
  readonly TXT?: string | readonly (string | readonly string[])[] | undefined;
  readonly MX?: OneOrMany<MxValue | string> | undefined;
  readonly SRV?: OneOrMany<SrvValue | string> | undefined;
  readonly CAA?: OneOrMany<CaaValue | string> | undefined;
  readonly SOA?: SoaValue | undefined;
  readonly [type: `TYPE${number}`]: OneOrMany<string | Uint8Array> | undefined;
}
