// Hashed names (RFC 5155 §5).
import { hash } from 'node:crypto';

/** How the names of a zone are hashed. */
export interface Nsec3Parameters {
  /** How often more than once. */
  readonly iterations: number;
  readonly salt: Buffer;
}

const digits = '0123456789abcdefghijklmnopqrstuv';

/** The label that the name with this `Name.key` has among hashed ones: 32 characters, base32hex in lower case (RFC 4648 §7). */
export function nsec3Label(key: string, { iterations, salt }: Nsec3Parameters): string {
  let digest = sha1(Buffer.from(key, 'latin1'), salt);
  for (let left = iterations; left > 0; left--) digest = sha1(digest, salt);
  let text = '';
  // Five octets are eight digits, and twenty octets four times that.
  for (let at = 0; at < digest.length; at += 5) {
    const high = digest.readUIntBE(at, 3);
    const low = digest.readUIntBE(at + 2, 3);
    for (const shift of [19, 14, 9, 4]) text += digits[(high >> shift) & 31];
    for (const shift of [15, 10, 5, 0]) text += digits[(low >> shift) & 31];
  }
  return text;
}

function sha1(bytes: Buffer, salt: Buffer): Buffer {
  return hash('sha1', Buffer.concat([bytes, salt]), 'buffer');
}
