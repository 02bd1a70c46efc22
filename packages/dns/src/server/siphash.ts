// SipHash-2-4 with a result of 64 bits (Aumasson and Bernstein, 2012): what server cookies are made with (RFC 9018 §4.4). Words
// of 64 bits are pairs of 32, as BigInt would cost ten times as much.

/** Four words as low and high halves: v0 at 0 and 1, and so on. */
const v = new Uint32Array(8);

/** The hash of `data` under `key` (16 octets), 8 octets. */
export function sipHash24(key: Buffer, data: Buffer): Buffer {
  const k0 = key.readUInt32LE(0);
  const k1 = key.readUInt32LE(4);
  const k2 = key.readUInt32LE(8);
  const k3 = key.readUInt32LE(12);
  v[0] = 0x70736575 ^ k0;
  v[1] = 0x736f6d65 ^ k1;
  v[2] = 0x6e646f6d ^ k2;
  v[3] = 0x646f7261 ^ k3;
  v[4] = 0x6e657261 ^ k0;
  v[5] = 0x6c796765 ^ k1;
  v[6] = 0x79746573 ^ k2;
  v[7] = 0x74656462 ^ k3;
  const tail = data.length & ~7;
  for (let at = 0; at < tail; at += 8) absorb(data.readUInt32LE(at), data.readUInt32LE(at + 4));
  const last = Buffer.alloc(8);
  data.copy(last, 0, tail);
  last[7] = data.length;
  absorb(last.readUInt32LE(0), last.readUInt32LE(4));
  v[4] = word(4) ^ 0xff;
  for (let round = 0; round < 4; round++) sipRound();
  const hash = Buffer.alloc(8);
  hash.writeUInt32LE((word(0) ^ word(2) ^ word(4) ^ word(6)) >>> 0, 0);
  hash.writeUInt32LE((word(1) ^ word(3) ^ word(5) ^ word(7)) >>> 0, 4);
  return hash;
}

function absorb(low: number, high: number): void {
  v[6] = word(6) ^ low;
  v[7] = word(7) ^ high;
  sipRound();
  sipRound();
  v[0] = word(0) ^ low;
  v[1] = word(1) ^ high;
}

function sipRound(): void {
  add(0, 2);
  rotate(2, 13);
  xor(2, 0);
  swap(0);
  add(4, 6);
  rotate(6, 16);
  xor(6, 4);
  add(0, 6);
  rotate(6, 21);
  xor(6, 0);
  add(4, 2);
  rotate(2, 17);
  xor(2, 4);
  swap(4);
}

function word(index: number): number {
  return v[index] ?? 0;
}

/** a += b */
function add(a: number, b: number): void {
  const low = word(a) + word(b);
  v[a] = low;
  v[a + 1] = word(a + 1) + word(b + 1) + (low > 0xffff_ffff ? 1 : 0);
}

/** a ^= b */
function xor(a: number, b: number): void {
  v[a] = word(a) ^ word(b);
  v[a + 1] = word(a + 1) ^ word(b + 1);
}

/** a <<<= bits, fewer than 32 */
function rotate(a: number, bits: number): void {
  const low = word(a);
  const high = word(a + 1);
  v[a] = (low << bits) | (high >>> (32 - bits));
  v[a + 1] = (high << bits) | (low >>> (32 - bits));
}

/** a <<<= 32 */
function swap(a: number): void {
  const low = word(a);
  v[a] = word(a + 1);
  v[a + 1] = low;
}
