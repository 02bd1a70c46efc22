// How a program says who may change what by UPDATE.
import type { Name } from '../../name.ts';
import type { RecordValue } from '../../rdata/value.ts';
import type { Zone } from '../../zone/zone.ts';

/** What one record of an update does. */
export type UpdateOperation = 'add' | 'delete';

/**
 * Some changes by some clients. Every part must hold for a rule to apply; all names are absolute.
 */
export interface UpdateRule {
  /** Names of TSIG keys; `"*"` is any key whose signature was verified. */
  readonly key?: string | readonly string[] | undefined;
  /** True for clients without a signature, as far as `allowUnsigned` lets them in. */
  readonly unsigned?: boolean | undefined;
  /**
   * `"host.example.net"`, `"*.example.net"` for all below it, `"_acme-challenge.*"`, `"self"` for the name of the key,
   * `"_acme-challenge.self"`, `"*"` for every name. A final dot makes a name of anything, `\*` is the label itself.
   */
  readonly names: string | readonly string[];
  /**
   * Such as `["A", "AAAA"]`, or `["*"]` for all. @defaultValue all but what delegates, rules or signs a zone: SOA, NS, DS,
   * DNAME, DNSKEY, CDS, CDNSKEY, CSYNC, ZONEMD, NSEC3PARAM. A rule that denies means all by default
   */
  readonly types?: readonly string[] | undefined;
  /** A change that some rule denies is denied, whatever others allow. @defaultValue `"allow"` */
  readonly action?: 'allow' | 'deny' | undefined;
  /** @defaultValue both */
  readonly operations?: readonly UpdateOperation[] | undefined;
  /** Records that the name and type may have after an addition. Only to allow. @defaultValue 1000 */
  readonly maxRecords?: number | undefined;
  /** Seconds between which an added TTL must be. Only to allow. */
  readonly ttl?:
    | { readonly min?: number | undefined; readonly max?: number | undefined }
    | undefined;
}

/** One record of an update, as a program sees it. */
export interface RequestedChange {
  readonly operation: UpdateOperation;
  readonly name: Name;
  /** Where all of a name is deleted, each type that is there is a change. */
  readonly type: string;
  /** Of an addition, in seconds. */
  readonly ttl: number | undefined;
  /** Undefined to delete all of a type. Made when it is read. */
  readonly value: RecordValue | undefined;
}

/** Who asks, and of what. */
export interface UpdateRequester {
  /** Name of the key whose signature was verified. */
  readonly key: Name | undefined;
  /** IP address, or the kind of a client that has none. */
  readonly client: string;
  /** The content before the update: that when it came, and once more that on which it is decided, if others were faster. */
  readonly zone: Zone;
}

/** Must say true for every change, besides what rules say; may be asked more than once. A throw is reported and answered with SERVFAIL. */
export type UpdateCheck = (change: RequestedChange, requester: UpdateRequester) => boolean;

/**
 * Rules and checks, in any order. A change is allowed if a rule allows it, no rule denies it, and every check says true;
 * with checks and no rules the checks alone decide. An update with one change that is not allowed is refused as a whole.
 */
export type UpdatePolicy = readonly (UpdateRule | UpdateCheck)[];
