import { expect, test } from 'vitest';
import { pumpBody } from '../../src/web/pump-body.ts';

const PIECE = new Uint8Array(65_536);

test('others have their turn, however fast the source gives and the peer takes', async () => {
  let given = 0;
  let written = 0;
  const waiting: (() => void)[] = [];
  const pumped = pumpBody(
    {
      next: () => Promise.resolve({ done: given === 10, value: given++ < 10 ? PIECE : undefined }),
      cancel: () => undefined,
    },
    {
      write: (chunk) => {
        written += chunk.length;
        return true;
      },
      onceDrained: (listener) => waiting.push(listener),
      end: () => undefined,
      abort: () => undefined,
    },
    {
      exchange: { gone: false, onGone: () => ({ [Symbol.dispose]: () => undefined }) },
      toBytes: (piece) => piece as Uint8Array,
      onPiece: () => undefined,
    },
  );
  const inTurn = async (): Promise<number> => {
    const before = written;
    waiting.shift()?.();
    for (let i = 0; i < 100; i++) await Promise.resolve();
    return (written - before) / PIECE.length;
  };
  expect(await inTurn()).toBe(4);
  expect(await inTurn()).toBe(4);
  expect(await inTurn()).toBe(2);
  await pumped;
});
