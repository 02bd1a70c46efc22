import assert from 'node:assert/strict';

/** `count` bytes in which every four say where they are, so that a piece lost, doubled or moved shows. */
export function numberedBytes(count: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(count / 4) * 4);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(at, at);
  return bytes.subarray(0, count);
}

/** As `assert.deepEqual`, without printing megabytes. */
export function assertSameBytes(actual: Buffer, expected: Buffer, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: as many bytes`);
  const at = actual.equals(expected) ? -1 : expected.findIndex((byte, i) => byte !== actual[i]);
  assert.equal(at, -1, `${what}: differs first at this byte`);
}
