import { beforeEach, expect, test } from 'vitest';
import { AnswerPieces } from '../../src/blocking/answer-pieces.ts';

let taken: number;
let abandoned: number;
let pieces: AnswerPieces;

beforeEach(() => {
  taken = 0;
  abandoned = 0;
  pieces = new AnswerPieces({
    taken: (bytes) => {
      taken += bytes;
    },
    abandoned: () => {
      abandoned += 1;
    },
  });
});

test('pieces count as taken when the reader has them, not before', async () => {
  pieces.push(Buffer.from('abc'));
  pieces.push(Buffer.from('de'));
  expect(taken).toBe(0);
  expect((await pieces.next()).value).toEqual(Buffer.from('abc'));
  expect(taken).toBe(3);
});

test('a reader that waits gets the next piece at once', async () => {
  const next = pieces.next();
  pieces.push(Buffer.from('abc'));
  expect(await next).toEqual({ done: false, value: Buffer.from('abc') });
  expect(taken).toBe(3);
});

test('the end comes behind the pieces, and again', async () => {
  pieces.push(Buffer.from('abc'));
  pieces.end();
  expect((await pieces.next()).done).toBe(false);
  expect((await pieces.next()).done).toBe(true);
  expect((await pieces.next()).done).toBe(true);
});

test('a failure comes behind the pieces, once', async () => {
  pieces.push(Buffer.from('abc'));
  pieces.end(new Error('lost'));
  expect((await pieces.next()).done).toBe(false);
  await expect(pieces.next()).rejects.toThrow('lost');
  expect((await pieces.next()).done).toBe(true);
});

test('a reader that waits hears of the failure', async () => {
  const next = pieces.next();
  pieces.end(new Error('lost'));
  await expect(next).rejects.toThrow('lost');
});

test('a reader that leaves is told to the source, and nothing is kept for it', async () => {
  pieces.push(Buffer.from('abc'));
  await pieces.return();
  expect(abandoned).toBe(1);
  pieces.push(Buffer.from('de'));
  expect((await pieces.next()).done).toBe(true);
  await pieces.return();
  expect(abandoned).toBe(1);
});

test('a reader that leaves after the end is not told', async () => {
  pieces.end();
  await pieces.return();
  expect(abandoned).toBe(0);
});
