import { describe, expect, test } from 'vitest';
import { buildMessage, buildQuery } from '../../src/message/build-message.ts';
import { readMessage } from '../../src/message/reader.ts';
import { Type } from '../../src/numbers.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { Keyring } from '../../src/tsig/keyring.ts';
import { signTsigRequest } from '../../src/tsig/sign.ts';
import { appendTsig, framedMac, readTsig, tsigTimers } from '../../src/tsig/tsig-record.ts';
import { TsigStreamSigner, TsigStreamVerifier } from '../../src/tsig/tsig-stream.ts';
import { verifyTsig } from '../../src/tsig/verify.ts';

const nowSeconds = 1_800_000_000;
const key = tsigKey('key.example', 'hmac-sha256', Buffer.alloc(32, 1));
const request = signTsigRequest(buildQuery({ id: 7, name: 'example.net', type: Type.AXFR }), {
  key,
  nowSeconds,
});

function read(bytes: Buffer) {
  const reading = readMessage(bytes);
  if (!reading.ok) throw new Error('malformed');
  return reading.message;
}

function signer(): TsigStreamSigner {
  const outcome = verifyTsig(read(request.bytes), { keyring: new Keyring([key]), nowSeconds });
  if (outcome.kind !== 'verified') throw new Error(outcome.kind);
  return new TsigStreamSigner(outcome);
}

function verifier(): TsigStreamVerifier {
  return new TsigStreamVerifier({ key, requestMac: request.mac });
}

/** Different, as their response codes differ. */
const messages = Array.from({ length: 5 }, (_, rcode) => buildMessage({ id: 7, rcode }));

/** `messages`, signed one after another. */
function signedMessages(list: readonly Buffer[] = messages): Buffer[] {
  const signing = signer();
  return list.map((message, index) => signing.sign(message, { nowSeconds: nowSeconds + index }));
}

/** First and last signed; between them `unsigned` that are not. */
function sparse(unsigned: number): Buffer[] {
  const [first = Buffer.alloc(0)] = signedMessages();
  const between = Array.from({ length: unsigned }, (_, index) =>
    buildMessage({ id: 7, rcode: index & 7 }),
  );
  const last = buildMessage({ id: 7 });
  const prior = readTsig(first, read(first).signatureOffset ?? 0)?.mac ?? Buffer.alloc(0);
  const hmac = key.hmac().update(framedMac(prior));
  for (const message of [...between, last]) hmac.update(message);
  const timers = { time: nowSeconds, fudge: 300 };
  const record = {
    ...timers,
    keyName: key.name,
    algorithm: key.algorithm.wireName,
    mac: hmac.update(tsigTimers(timers)).digest(),
    originalId: 7,
    error: 0,
    other: Buffer.alloc(0),
  };
  return [first, ...between, appendTsig(last, record)];
}

/** What becomes of `list`, and whether it may end there. */
function take(list: readonly Buffer[]): [string[], boolean] {
  const verifying = verifier();
  const kinds = list.map((bytes) => {
    const outcome = verifying.take(read(bytes), nowSeconds);
    return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
  });
  return [kinds, verifying.complete];
}

describe('a stream of messages', () => {
  test('every one of them is signed and verified', () => {
    expect(take(signedMessages())).toEqual([Array.from({ length: 5 }, () => 'verified'), true]);
  });

  test('is not complete before its first message', () => {
    expect(verifier().complete).toBe(false);
  });

  test('a message left out is noticed at the next one, and nothing is taken after it', () => {
    const signed = signedMessages();
    signed.splice(1, 1);
    expect(take(signed)).toEqual([['verified', 'forged', 'forged', 'forged'], false]);
  });

  test('messages in another order are noticed', () => {
    const [a, b, c] = signedMessages() as [Buffer, Buffer, Buffer];
    expect(take([a, c, b])).toEqual([['verified', 'forged', 'forged'], false]);
  });

  test('the first message must be signed', () => {
    expect(take([messages[0] as Buffer])).toEqual([['unsigned'], false]);
  });

  test('the last message must be signed', () => {
    const [first] = signedMessages();
    expect(take([first as Buffer, messages[1] as Buffer])).toEqual([
      ['verified', 'pending'],
      false,
    ]);
  });

  test.each([1, 99])('%i unsigned messages between signed ones are taken', (count) => {
    const [kinds, complete] = take(sparse(count));
    expect(kinds.filter((kind) => kind === 'pending')).toHaveLength(count);
    expect([kinds.at(-1), complete]).toEqual(['verified', true]);
  });

  test('100 unsigned messages in a row are too many', () => {
    const [kinds, complete] = take(sparse(100));
    expect([kinds.at(-2), kinds.at(-1), complete]).toEqual(['unsigned', 'unsigned', false]);
  });

  test('an unsigned message that was changed is noticed at the next signature', () => {
    const list = sparse(3);
    list[2] = buildMessage({ id: 7, rcode: 9 });
    expect(take(list)).toEqual([['verified', 'pending', 'pending', 'pending', 'forged'], false]);
  });

  test('a message of another time fails', () => {
    const signing = signer();
    const list = [0, 301].map((late) =>
      signing.sign(buildMessage({ id: 7 }), { nowSeconds: nowSeconds + late }),
    );
    expect(take(list)).toEqual([['verified', 'stale'], false]);
  });

  test('a message signed with another key fails', () => {
    const [first, second] = signedMessages() as [Buffer, Buffer];
    const record = readTsig(second, read(second).signatureOffset ?? 0);
    if (record === undefined) throw new Error('unsigned');
    const other = appendTsig(messages[1] as Buffer, {
      ...record,
      keyName: tsigKey('other.example', 'hmac-sha256', Buffer.alloc(32)).name,
    });
    expect(take([first, other])).toEqual([['verified', 'forged'], false]);
  });
});
