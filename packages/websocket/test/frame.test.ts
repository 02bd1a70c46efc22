import { expect, test } from 'vitest';
import { encodeFrame } from '../src/frame.ts';

// RFC 6455 §5.7.
test.each([
  ['text', Buffer.from('Hello'), '810548656c6c6f'],
  ['binary', Buffer.alloc(256), `827e0100${'00'.repeat(256)}`],
  ['binary', Buffer.alloc(65_536), `827f0000000000010000${'00'.repeat(65_536)}`],
] as const)('a %s message of %o is one unmasked frame', (kind, payload, hex) => {
  expect(encodeFrame(kind, payload).toString('hex') === hex).toBe(true);
});
