// What TSIG signs with (RFC 8945 §6).
import { Name } from '../name.ts';

/**
 * Algorithms by their names in the registry. `hmac-md5` stands for `hmac-md5.sig-alg.reg.int`; it is refused unless a key
 * explicitly allows it. The last three send half of the octets.
 */
export type TsigAlgorithmName =
  | 'hmac-sha256'
  | 'hmac-sha384'
  | 'hmac-sha512'
  | 'hmac-sha224'
  | 'hmac-sha1'
  | 'hmac-md5'
  | 'hmac-sha256-128'
  | 'hmac-sha384-192'
  | 'hmac-sha512-256';

/** An algorithm. */
export interface TsigAlgorithm {
  readonly name: TsigAlgorithmName;
  /** Its name on the wire. */
  readonly wireName: Name;
  /** As `node:crypto` calls it. */
  readonly hash: string;
  /** Octets of the hash. */
  readonly hashBytes: number;
  /** Octets of a whole MAC: those of the hash, or the half of them. */
  readonly macBytes: number;
}

const algorithms: readonly TsigAlgorithm[] = [
  algorithm('hmac-sha256', 'sha256', 32),
  algorithm('hmac-sha384', 'sha384', 48),
  algorithm('hmac-sha512', 'sha512', 64),
  algorithm('hmac-sha224', 'sha224', 28),
  algorithm('hmac-sha1', 'sha1', 20),
  { ...algorithm('hmac-md5', 'md5', 16), wireName: Name.parse('hmac-md5.sig-alg.reg.int') },
  { ...algorithm('hmac-sha256-128', 'sha256', 32), macBytes: 16 },
  { ...algorithm('hmac-sha384-192', 'sha384', 48), macBytes: 24 },
  { ...algorithm('hmac-sha512-256', 'sha512', 64), macBytes: 32 },
];

const byText = new Map<string, TsigAlgorithm>(algorithms.map((each) => [each.name, each]));
const byKey = new Map(algorithms.map((each) => [each.wireName.key, each]));

/** The algorithm that is called `text`, with or without a final dot, in any case. */
export function findAlgorithm(text: string): TsigAlgorithm | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  return byText.get(name === 'hmac-md5.sig-alg.reg.int' ? 'hmac-md5' : name);
}

/** The algorithm a message names. */
export function algorithmOf(wireName: Name): TsigAlgorithm | undefined {
  return byKey.get(wireName.key);
}

/** Shortest MAC anybody may send: half of the hash, and never less than 10 octets (RFC 8945 §5.2.2.1). */
export function shortestMac({ hashBytes }: TsigAlgorithm): number {
  return Math.max(10, hashBytes / 2);
}

function algorithm(name: TsigAlgorithmName, hash: string, hashBytes: number): TsigAlgorithm {
  return { name, wireName: Name.parse(name), hash, hashBytes, macBytes: hashBytes };
}
