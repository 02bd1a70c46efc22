import { expect, test } from 'vitest';
import { buildQuery } from '../../src/message/build-message.ts';
import { readMessage } from '../../src/message/reader.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { Keyring } from '../../src/tsig/keyring.ts';
import { ReplayMemory } from '../../src/tsig/replay-memory.ts';
import { signTsigRequest } from '../../src/tsig/sign.ts';
import { type VerifiedTsig, verifyTsig } from '../../src/tsig/verify.ts';

const nowSeconds = 1_800_000_000;
const key = tsigKey('key.example', 'hmac-sha256', Buffer.alloc(32, 1));

function request(id: number, at = nowSeconds): VerifiedTsig {
  const { bytes } = signTsigRequest(buildQuery({ id, name: 'example.net', type: 6, opcode: 5 }), {
    key,
    nowSeconds: at,
  });
  const reading = readMessage(bytes);
  if (!reading.ok) throw new Error('malformed');
  const outcome = verifyTsig(reading.message, { keyring: new Keyring([key]), nowSeconds: at });
  if (outcome.kind !== 'verified') throw new Error(outcome.kind);
  return outcome;
}

test('a request is new once, then pending, then it has its reply', () => {
  const memory = new ReplayMemory();
  const reply = Buffer.from('reply');
  expect(memory.begin(request(1))).toBe('new');
  expect(memory.begin(request(1))).toBe('pending');
  memory.finish(request(1), reply);
  expect(memory.begin(request(1))).toBe(reply);
});

test('another id or another time is another request', () => {
  const memory = new ReplayMemory();
  memory.begin(request(1));
  expect(memory.begin(request(2))).toBe('new');
  expect(memory.begin(request(1, nowSeconds + 1))).toBe('new');
});

test('what is forgotten is new again', () => {
  const memory = new ReplayMemory();
  memory.begin(request(1));
  memory.forget(request(1));
  expect(memory.begin(request(1))).toBe('new');
});

test('the oldest is forgotten when there are too many', () => {
  const memory = new ReplayMemory({ maxEntries: 2 });
  for (const id of [1, 2, 3]) {
    memory.begin(request(id));
    memory.finish(request(id), Buffer.of(id));
  }
  expect(memory.size).toBe(2);
  expect(memory.begin(request(3))).toEqual(Buffer.of(3));
  expect(memory.begin(request(1))).toBe('new');
});

test('the oldest are forgotten when the replies are too long', () => {
  const memory = new ReplayMemory({ maxBytes: 100 });
  for (const id of [1, 2, 3]) {
    memory.begin(request(id));
    memory.finish(request(id), Buffer.alloc(40, id));
  }
  expect(memory.size).toBe(2);
  expect(memory.begin(request(1))).toBe('new');
  expect(memory.begin(request(3))).toEqual(Buffer.alloc(40, 3));
});

test('limits must make sense', () => {
  expect(() => new ReplayMemory({ maxEntries: 0 })).toThrow('Cannot remember 0 requests');
});
