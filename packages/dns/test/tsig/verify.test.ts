import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { buildMessage, buildQuery } from '../../src/message/build-message.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { readMessage } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { type TsigKey, tsigKey } from '../../src/tsig/key.ts';
import { Keyring } from '../../src/tsig/keyring.ts';
import { signTsigRequest, signTsigResponse, tsigBytes } from '../../src/tsig/sign.ts';
import { appendTsig, readTsig, type TsigRecord } from '../../src/tsig/tsig-record.ts';
import { type TsigOutcome, verifyTsig } from '../../src/tsig/verify.ts';
import { verifyTsigResponse } from '../../src/tsig/verify-response.ts';

const nowSeconds = 1_800_000_000;
const secret = Buffer.from('an example of a secret, 32 bytes');
const key = tsigKey('Key.Example', 'hmac-sha256', secret);
const keyring = new Keyring([key]);
const query = buildQuery({ id: 0x4242, name: 'www.example.net', type: Type.A });
const reply = buildMessage({ id: 0x4242, flags: 0x8400 });

function read(bytes: Buffer) {
  const reading = readMessage(bytes);
  if (!reading.ok) throw new Error('malformed');
  return reading.message;
}

function verify(bytes: Buffer, at = nowSeconds, keys = keyring): TsigOutcome {
  return verifyTsig(read(bytes), { keyring: keys, nowSeconds: at });
}

/** The TSIG record of `bytes`. */
function tsigOf(bytes: Buffer): TsigRecord | undefined {
  const { signatureOffset } = read(bytes);
  return signatureOffset === undefined ? undefined : readTsig(bytes, signatureOffset);
}

const signed = signTsigRequest(query, { key, nowSeconds });

/** The signed query with something else in its TSIG record. */
function changed(change: Partial<TsigRecord>): Buffer {
  const record = tsigOf(signed.bytes);
  if (record === undefined) throw new Error('unsigned');
  return appendTsig(query, { ...record, ...change });
}

/** The signed query with other octets at an offset from where the data of TSIG begins. */
function patched(offset: number, ...octets: number[]): Buffer {
  const bytes = Buffer.from(signed.bytes);
  const start = (read(bytes).signatureOffset ?? 0) + key.name.wire.length;
  bytes.set(octets, start + offset);
  return bytes;
}

/** What the client makes of the reply to `request`. */
function answered(request: Buffer, at = nowSeconds) {
  const outcome = verify(request, at);
  const bytes = signTsigResponse(reply, outcome, { nowSeconds: at });
  return {
    outcome,
    bytes,
    record: tsigOf(bytes),
    client: verifyTsigResponse(read(bytes), { key, requestMac: signed.mac, nowSeconds }),
  };
}

describe('a signature that counts', () => {
  test('is of a known key, over the very octets, at this time', () => {
    expect(verify(signed.bytes)).toMatchObject({ kind: 'verified', key });
  });

  test('counts with another id, as a forwarder changes it, and the original one is verified', () => {
    const bytes = Buffer.from(signed.bytes);
    bytes.writeUInt16BE(0x1111, 0);
    expect(verify(bytes)).toMatchObject({ kind: 'verified', record: { originalId: 0x4242 } });
  });

  test('counts in whatever case the name of the key and the algorithm are written', () => {
    const names = {
      keyName: Name.parse('KEY.example'),
      algorithm: Name.parse('HMAC-sha256'),
    };
    expect(verify(changed(names))).toMatchObject({ kind: 'verified' });
  });

  test.each([
    ['at the end of the fudge', 300],
    ['in the last part of its last second', 300.9],
    ['at its begin', -300],
  ])('counts %s', (_, late) => {
    expect(verify(signed.bytes, nowSeconds + late).kind).toBe('verified');
  });

  test('of no record is no signature', () => {
    expect(verify(query)).toEqual({ kind: 'unsigned' });
  });

  test('the reply is signed with the MAC of the request', () => {
    const { client, record } = answered(signed.bytes);
    expect(client.kind).toBe('verified');
    expect(record).toMatchObject({ error: 0, originalId: 0x4242, time: nowSeconds, fudge: 300 });
    const other = verifyTsigResponse(read(answered(signed.bytes).bytes), {
      key,
      requestMac: Buffer.alloc(32),
      nowSeconds,
    });
    expect(other).toMatchObject({ kind: 'failed', reason: 'forged' });
  });
});

describe('FORMERR without TSIG', () => {
  const plain = { kind: 'refused', rcode: 1, error: 0, record: undefined, key: undefined };

  test.each([
    ['class is not ANY', () => patched(2, 0, 1)],
    ['TTL is not zero', () => patched(4, 0, 0, 0, 1)],
    ['the algorithm is a pointer', () => patched(10, 0xc0, 12)],
    ['the algorithm leaves the data', () => patched(10, 63)],
    ['the MAC leaves the data', () => patched(10 + 13 + 8, 1, 0)],
    [
      'the other data leaves the data',
      () => patched(signed.bytes.length - query.length - 13 - 2, 0, 9),
    ],
    ['there is more than the other data', () => changedLength()],
    ['the MAC is longer than the hash', () => changed({ mac: Buffer.alloc(33) })],
    [
      'the MAC is longer than the half that its algorithm sends',
      () => changed({ algorithm: Name.parse('hmac-sha256-128'), mac: signed.mac.subarray(0, 17) }),
    ],
    [
      'the MAC is shorter than half of the hash',
      () => changed({ mac: signed.mac.subarray(0, 15) }),
    ],
    ['the MAC has less than 10 octets', () => changed({ mac: signed.mac.subarray(0, 9) })],
    ['there is no MAC', () => changed({ mac: Buffer.alloc(0) })],
  ])('%s', (_, message) => {
    const outcome = verify(message());
    expect(outcome).toEqual(plain);
    expect(signTsigResponse(reply, outcome, { nowSeconds })).toBe(reply);
  });

  /** One more octet in the data than the fields say. */
  function changedLength(): Buffer {
    const bytes = Buffer.concat([signed.bytes, Buffer.of(0)]);
    const at = query.length + key.name.wire.length + 8;
    bytes.writeUInt16BE(bytes.readUInt16BE(at) + 1, at);
    return bytes;
  }

  test('TSIG is not the last record', () => {
    const record = signed.bytes.subarray(query.length);
    const bytes = Buffer.concat([query, record, Buffer.from('0000010001000000000000', 'hex')]);
    bytes.writeUInt16BE(2, 10);
    expect(readMessage(bytes)).toMatchObject({ ok: false, rcode: 1 });
  });

  test('TSIG is there twice', () => {
    const record = signed.bytes.subarray(query.length);
    const bytes = Buffer.concat([query, record, record]);
    bytes.writeUInt16BE(2, 10);
    expect(readMessage(bytes)).toMatchObject({ ok: false, rcode: 1 });
  });

  test('TSIG is not in the additional section', () => {
    const bytes = Buffer.from(signed.bytes);
    bytes.writeUInt16BE(1, 6);
    bytes.writeUInt16BE(0, 10);
    expect(readMessage(bytes)).toMatchObject({ ok: false, rcode: 1 });
  });
});

describe('NOTAUTH and BADKEY, TSIG with an empty MAC', () => {
  const strangers: [string, TsigKey][] = [
    ['unknown key', tsigKey('other.example', 'hmac-sha256', secret)],
    ['algorithm mismatch', tsigKey('key.example', 'hmac-sha512', secret)],
  ];
  test.each(strangers)('%s', (_, other) => {
    const request = signTsigRequest(query, { key: other, nowSeconds });
    const { outcome, record, client } = answered(request.bytes);
    expect(outcome).toMatchObject({ kind: 'refused', rcode: 9, error: 17, key: undefined });
    expect(record).toMatchObject({ error: 17, mac: Buffer.alloc(0), other: Buffer.alloc(0) });
    expect(record?.keyName.equals(other.name)).toBe(true);
    expect(record?.algorithm.equals(other.algorithm.wireName)).toBe(true);
    expect(client).toEqual({ kind: 'failed', reason: 'refused', error: 17 });
  });

  test('an algorithm nobody knows, with a MAC of any length', () => {
    const bytes = changed({ algorithm: Name.parse('gss-tsig'), mac: Buffer.alloc(3) });
    expect(verify(bytes)).toMatchObject({ rcode: 9, error: 17 });
  });

  test('a key that is gone is unknown to the next message', () => {
    const keys = new Keyring([key]);
    keys.replace([]);
    expect(verify(signed.bytes, nowSeconds, keys)).toMatchObject({ error: 17 });
    keys.add(key);
    expect(verify(signed.bytes, nowSeconds, keys).kind).toBe('verified');
    expect(keys.remove(Name.parse('KEY.EXAMPLE'))).toBe(true);
    expect(verify(signed.bytes, nowSeconds, keys)).toMatchObject({ error: 17 });
  });
});

describe('NOTAUTH and BADSIG, TSIG with an empty MAC', () => {
  test.each([
    ['the last octet of the MAC differs', () => changed({ mac: withFlip(signed.mac, 31) })],
    ['the first octet of the MAC differs', () => changed({ mac: withFlip(signed.mac, 0) })],
    ['the question was changed', () => withFlip(signed.bytes, 13)],
    ['the flags were changed', () => withFlip(signed.bytes, 2)],
    ['the time was changed', () => changed({ time: nowSeconds + 1 })],
    ['the fudge was changed', () => changed({ fudge: 3000 })],
    ['the error was changed', () => changed({ error: 1 })],
    ['the other data was changed', () => changed({ other: Buffer.of(1) })],
    ['the original id was changed', () => changed({ originalId: 1 })],
    ['a MAC cut short differs', () => changed({ mac: withFlip(signed.mac, 3).subarray(0, 16) })],
    ['the secret differs', () => signTsigRequest(query, { key: wrong, nowSeconds }).bytes],
  ])('%s', (_, message) => {
    const { outcome, record, client } = answered(message());
    expect(outcome).toMatchObject({ kind: 'refused', rcode: 9, error: 16, key: undefined });
    expect(record).toMatchObject({ error: 16, mac: Buffer.alloc(0) });
    expect(client).toEqual({ kind: 'failed', reason: 'refused', error: 16 });
  });

  const wrong = tsigKey('key.example', 'hmac-sha256', Buffer.alloc(32));
});

describe('NOTAUTH and BADTIME, signed', () => {
  test.each([
    ['too late', 301],
    ['too early', -301],
  ])('%s', (_, late) => {
    const { outcome, record, client } = answered(signed.bytes, nowSeconds + late);
    expect(outcome).toMatchObject({ kind: 'refused', rcode: 9, error: 18, key });
    expect(record).toMatchObject({ error: 18, time: nowSeconds });
    expect(record?.other.readUIntBE(0, 6)).toBe(nowSeconds + late);
    expect(client).toEqual({
      kind: 'failed',
      reason: 'clock',
      error: 18,
      serverSeconds: nowSeconds + late,
    });
  });

  test('a signer cannot make his signature good for longer than the server wants', () => {
    const lasting = signTsigRequest(query, { key, nowSeconds, fudgeSeconds: 65_535 }).bytes;
    expect(verify(lasting, nowSeconds + 3600).kind).toBe('verified');
    expect(verify(lasting, nowSeconds + 3601)).toMatchObject({ error: 18 });
  });

  test('a wrong MAC is told before a wrong time', () => {
    expect(verify(changed({ time: 1 }), nowSeconds)).toMatchObject({ error: 16 });
  });
});

describe('NOTAUTH and BADTRUNC, signed', () => {
  test('the MAC is right but shorter than the key wants', () => {
    const { outcome, record, client } = answered(changed({ mac: signed.mac.subarray(0, 16) }));
    expect(outcome).toMatchObject({ kind: 'refused', rcode: 9, error: 22, key });
    expect(record).toMatchObject({ error: 22 });
    expect(record?.mac).toHaveLength(32);
    // The reply covers the MAC as it was sent.
    expect(client).toMatchObject({ kind: 'failed', reason: 'forged' });
  });

  test('a key may allow it', () => {
    const lenient = tsigKey('key.example', 'hmac-sha256', secret, { macBytes: 16 });
    const request = signTsigRequest(query, { key: lenient, nowSeconds });
    expect(request.mac).toHaveLength(16);
    expect(verify(request.bytes, nowSeconds, new Keyring([lenient])).kind).toBe('verified');
    expect(verify(signed.bytes, nowSeconds, new Keyring([lenient])).kind).toBe('verified');
  });

  test('a wrong time is told before a short MAC', () => {
    const short = changed({ mac: signed.mac.subarray(0, 16) });
    expect(verify(short, nowSeconds + 301)).toMatchObject({ error: 18 });
  });
});

test('a message signed with SIG(0) is refused, as we know no such keys', () => {
  const rdata = Buffer.alloc(30);
  const fixed = Buffer.from('000018 00ff 00000000 001e'.replaceAll(' ', ''), 'hex');
  const bytes = Buffer.concat([query, fixed, rdata]);
  bytes.writeUInt16BE(1, 10);
  expect(verify(bytes)).toMatchObject({ kind: 'refused', rcode: 9, record: undefined });
});

describe('the client', () => {
  const options = { key, requestMac: signed.mac, nowSeconds };
  const good = answered(signed.bytes).bytes;

  test('does not take a reply without signature', () => {
    expect(verifyTsigResponse(read(reply), options)).toMatchObject({ reason: 'unsigned' });
  });

  test('does not take the signature of another key', () => {
    const other = tsigKey('other.example', 'hmac-sha256', secret);
    const outcome = { kind: 'verified', key: other, record: tsigOf(signed.bytes) } as TsigOutcome;
    const bytes = signTsigResponse(reply, outcome, { nowSeconds });
    expect(verifyTsigResponse(read(bytes), options)).toMatchObject({ reason: 'forged' });
  });

  test('does not take a reply that was changed', () => {
    expect(verifyTsigResponse(read(withFlip(good, 3)), options)).toMatchObject({
      reason: 'forged',
    });
  });

  test('does not take a reply of another time', () => {
    const later = { ...options, nowSeconds: nowSeconds + 301 };
    expect(verifyTsigResponse(read(good), later)).toMatchObject({ reason: 'stale' });
  });

  test('verifies what parseMessage read', () => {
    const message = parseMessage(good);
    if ('error' in message) throw new Error(message.error);
    expect(verifyTsigResponse(message, options).kind).toBe('verified');
    expect(message.additional).toEqual([]);
  });
});

test('the octets to leave free are those of every kind of signature', () => {
  const outcomes: TsigOutcome[] = [
    { kind: 'unsigned' },
    verify(signed.bytes),
    verify(signed.bytes, nowSeconds + 1000),
    verify(withFlip(signed.bytes, 13)),
    verify(changed({ mac: Buffer.alloc(0) })),
  ];
  for (const outcome of outcomes) {
    const added = signTsigResponse(reply, outcome, { nowSeconds }).length - reply.length;
    expect(added).toBe(tsigBytes(outcome));
  }
  expect(signed.bytes.length - query.length).toBe(tsigBytes(key));
});

test('a secret is never shown', () => {
  const hidden = [secret.toString(), secret.toString('base64'), secret.toString('hex')];
  const outcome = verify(signed.bytes);
  const shown = [
    inspect(key, { depth: 9, showHidden: true }),
    inspect(keyring, { depth: 9, showHidden: true }),
    inspect(outcome, { depth: 9 }),
    JSON.stringify(key),
    JSON.stringify(outcome),
    `${key}`,
  ].join('\n');
  for (const text of hidden) expect(shown).not.toContain(text);
  expect(shown).not.toContain(inspect(secret).slice(8, 40));
  expect(JSON.stringify(key)).toBe('{"name":"Key.Example","algorithm":"hmac-sha256"}');
});

function withFlip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
