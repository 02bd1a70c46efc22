// Values of EDNS options between octets and what they mean. Reading never throws: a value that breaks the rules of its option
// is undefined, which deserves FORMERR.
import { usageError } from '../errors.ts';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../rdata/address.ts';
import { EdnsOption, type EdnsOptionData, isCookieLength } from './edns.ts';

/** One option of the registry: its code, and its value between octets and what they mean. */
export interface EdnsCodec<T> {
  readonly code: number;
  /** The value, or undefined if `data` breaks the rules of the option. */
  decode(data: Buffer): T | undefined;
  /** @throws UsageError `HAWSER_DNS_OPTIONS` for a value the option cannot hold */
  encode(value: T): EdnsOptionData;
}

/** For whom an answer is meant (RFC 7871). */
export interface ClientSubnet {
  /** The address; only its first `sourcePrefix` bits are sent. Empty in a query that wants no subnet to be known at all. */
  readonly address: string;
  /** Bits of the address that are known. */
  readonly sourcePrefix: number;
  /** In an answer: for how many bits it is good. @defaultValue 0 */
  readonly scopePrefix?: number | undefined;
}

/** Proof that a client was at its address before (RFC 7873). */
export interface Cookie {
  /** 8 octets that the client made up. */
  readonly client: Buffer;
  /** 8 to 32 octets of the server; empty if the client has none yet. */
  readonly server: Buffer;
}

/** How long a connection may stay idle (RFC 7828). */
export interface Keepalive {
  /** In milliseconds, in steps of 100; undefined in a query, which only says that it understands. */
  readonly timeoutMs: number | undefined;
}

/** Seconds until a zone expires at the server asked (RFC 7314). */
export interface Expire {
  /** Undefined in a query. */
  readonly seconds: number | undefined;
}

/** Why a response is as it is (RFC 8914). */
export interface ExtendedErrorOption {
  readonly code: number;
  readonly text?: string | undefined;
}

/** How long what an UPDATE adds shall live (RFC 9664). */
export interface UpdateLease {
  readonly leaseSeconds: number;
  /** For KEY records. @defaultValue leaseSeconds */
  readonly keyLeaseSeconds?: number | undefined;
}

/** Name of a server (RFC 5001): any octets. Empty in a query. */
const nsid: EdnsCodec<Buffer> = {
  code: EdnsOption.Nsid,
  decode: (data) => data,
  encode: (value) => option(EdnsOption.Nsid, value),
};

const clientSubnet: EdnsCodec<ClientSubnet> = {
  code: EdnsOption.ClientSubnet,
  decode: decodeSubnet,
  encode: encodeSubnet,
};

const cookie: EdnsCodec<Cookie> = {
  code: EdnsOption.Cookie,
  decode(data) {
    if (!isCookieLength(data.length)) return undefined;
    return { client: data.subarray(0, 8), server: data.subarray(8) };
  },
  encode({ client, server }) {
    const data = Buffer.concat([client, server]);
    if (client.length !== 8 || !isCookieLength(data.length)) {
      throw wrong(`a cookie of ${client.length} and ${server.length} octets`);
    }
    return option(EdnsOption.Cookie, data);
  },
};

const keepalive: EdnsCodec<Keepalive> = {
  code: EdnsOption.Keepalive,
  decode(data) {
    if (data.length === 0) return { timeoutMs: undefined };
    return data.length === 2 ? { timeoutMs: data.readUInt16BE(0) * 100 } : undefined;
  },
  encode({ timeoutMs }) {
    if (timeoutMs === undefined) return option(EdnsOption.Keepalive, Buffer.alloc(0));
    const steps = Math.floor(timeoutMs / 100);
    if (!isUint(steps, 0xffff)) throw wrong(`a keepalive of ${timeoutMs} ms`);
    return option(EdnsOption.Keepalive, Buffer.of(steps >> 8, steps & 0xff));
  },
};

const expire: EdnsCodec<Expire> = {
  code: EdnsOption.Expire,
  decode(data) {
    if (data.length === 0) return { seconds: undefined };
    return data.length === 4 ? { seconds: data.readUInt32BE(0) } : undefined;
  },
  encode({ seconds }) {
    return option(EdnsOption.Expire, seconds === undefined ? Buffer.alloc(0) : uint32(seconds));
  },
};

/** Octets of padding (RFC 7830). A writer pads to a block by itself, see `padToBytes` of its OPT. */
const padding: EdnsCodec<number> = {
  code: EdnsOption.Padding,
  decode: (data) => data.length,
  encode(bytes) {
    if (!isUint(bytes, 0xffff)) throw wrong(`padding of ${bytes} octets`);
    return option(EdnsOption.Padding, Buffer.alloc(bytes));
  },
};

const error: EdnsCodec<ExtendedErrorOption> = {
  code: EdnsOption.Error,
  decode(data) {
    if (data.length < 2) return undefined;
    // Some senders end the text as C does; receivers must not mind (RFC 8914 §2).
    const end = data.at(-1) === 0 ? data.length - 1 : data.length;
    const text = data.toString('utf8', 2, Math.max(2, end));
    return text === '' ? { code: data.readUInt16BE(0) } : { code: data.readUInt16BE(0), text };
  },
  encode({ code, text = '' }) {
    if (!isUint(code, 0xffff)) throw wrong(`extended error ${code}`);
    return option(EdnsOption.Error, Buffer.from([code >> 8, code & 0xff, ...Buffer.from(text)]));
  },
};

const updateLease: EdnsCodec<UpdateLease> = {
  code: EdnsOption.UpdateLease,
  decode(data) {
    if (data.length === 4) return { leaseSeconds: data.readUInt32BE(0) };
    if (data.length !== 8) return undefined;
    return { leaseSeconds: data.readUInt32BE(0), keyLeaseSeconds: data.readUInt32BE(4) };
  },
  encode({ leaseSeconds, keyLeaseSeconds }) {
    const lease = uint32(leaseSeconds);
    if (keyLeaseSeconds === undefined) return option(EdnsOption.UpdateLease, lease);
    return option(EdnsOption.UpdateLease, Buffer.concat([lease, uint32(keyLeaseSeconds)]));
  },
};

/** The options this package reads and writes. Others are kept as octets. */
export const ednsCodecs: {
  readonly nsid: EdnsCodec<Buffer>;
  readonly clientSubnet: EdnsCodec<ClientSubnet>;
  readonly cookie: EdnsCodec<Cookie>;
  readonly keepalive: EdnsCodec<Keepalive>;
  readonly expire: EdnsCodec<Expire>;
  readonly padding: EdnsCodec<number>;
  readonly error: EdnsCodec<ExtendedErrorOption>;
  readonly updateLease: EdnsCodec<UpdateLease>;
} = { nsid, clientSubnet, cookie, keepalive, expire, padding, error, updateLease };

/** Family, two prefix lengths, and as many octets of the address as the first prefix needs (RFC 7871 §6). */
function decodeSubnet(data: Buffer): ClientSubnet | undefined {
  if (data.length < 4) return undefined;
  const family = data.readUInt16BE(0);
  const sourcePrefix = data[2] ?? 0;
  const scopePrefix = data[3] ?? 0;
  const bits = addressBits(family);
  if (bits === undefined || sourcePrefix > bits || scopePrefix > bits) return undefined;
  if (data.length !== 4 + Math.ceil(sourcePrefix / 8)) return undefined;
  // Bits behind the prefix must be zero, or caches would take equal subnets for different ones.
  const loose = (data.length - 4) * 8 - sourcePrefix;
  if (loose > 0 && ((data.at(-1) ?? 0) & ((1 << loose) - 1)) !== 0) return undefined;
  if (bits === 0) return { address: '', sourcePrefix, scopePrefix };
  const octets = Buffer.alloc(bits / 8);
  data.copy(octets, 0, 4);
  return {
    address: bits === 32 ? formatIPv4(octets) : formatIPv6(octets),
    sourcePrefix,
    scopePrefix,
  };
}

function encodeSubnet({ address, sourcePrefix, scopePrefix = 0 }: ClientSubnet): EdnsOptionData {
  const octets = address === '' ? Buffer.alloc(0) : (parseIPv4(address) ?? parseIPv6(address));
  const bits = (octets?.length ?? 0) * 8;
  if (octets === undefined || !isUint(sourcePrefix, bits) || !isUint(scopePrefix, bits)) {
    throw wrong(`client subnet ${address}/${sourcePrefix}/${scopePrefix}`);
  }
  const kept = Buffer.from(octets.subarray(0, Math.ceil(sourcePrefix / 8)));
  const loose = kept.length * 8 - sourcePrefix;
  if (loose > 0) kept[kept.length - 1] = (kept.at(-1) ?? 0) & (0xff << loose);
  const family = bits === 0 ? 0 : bits === 32 ? 1 : 2;
  return option(
    EdnsOption.ClientSubnet,
    Buffer.concat([Buffer.of(0, family, sourcePrefix, scopePrefix), kept]),
  );
}

/** Family 0 is what `dig +subnet=0` sends. */
function addressBits(family: number): number | undefined {
  return [0, 32, 128][family];
}

function option(code: number, data: Uint8Array): EdnsOptionData {
  return { code, data };
}

function uint32(value: number): Buffer {
  if (!isUint(value, 0xffff_ffff)) throw wrong(`${value} seconds`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function wrong(what: string): Error {
  return usageError('HAWSER_DNS_OPTIONS', `Cannot send ${what}`);
}
