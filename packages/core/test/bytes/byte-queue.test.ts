import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

describe('against a flat buffer', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'seed %i: random pushes, takes, put-backs, peeks and searches agree',
    (seed) => {
      const random = new SeededRandom(seed);
      // A small alphabet, so that searches find something.
      const some = (size: number): Buffer =>
        Buffer.from(Array.from({ length: size }, () => random.below(3)));
      const queue = new ByteQueue();
      let model: Buffer = Buffer.alloc(0);
      for (let step = 0; step < 3_000; step++) {
        const count = random.below(model.length + 1);
        const few = Math.min(count, 40);
        const needle = some(1 + random.below(6));
        const index = random.below(Math.max(1, model.length - 3));
        let seen: unknown;
        let expected: unknown;
        switch (random.below(8)) {
          case 0:
          case 1: {
            const chunk = some(random.below(4) === 0 ? random.below(2_000) : random.below(20));
            queue.push(chunk);
            model = Buffer.concat([model, chunk]);
            break;
          }
          case 2:
            seen = queue.take(count).toString('hex');
            expected = model.toString('hex', 0, count);
            model = model.subarray(count);
            break;
          case 3:
            seen = queue.peek(count).toString('hex');
            expected = model.toString('hex', 0, count);
            break;
          case 4:
            queue.skip(few);
            model = model.subarray(few);
            break;
          case 6: {
            const chunk = some(random.below(3) === 0 ? random.below(2_000) : random.below(20));
            queue.unshift(chunk);
            model = Buffer.concat([chunk, model]);
            break;
          }
          case 5:
            seen = [queue.indexOf(needle, count), queue.indexOf(needle.readUInt8(), count)];
            expected = [model.indexOf(needle, count), model.indexOf(needle.readUInt8(), count)];
            break;
          default:
            queue.compact();
            if (model.length < 4) break;
            seen = [queue.at(index), queue.readUInt16BE(index), queue.readUInt32BE(index)];
            expected = [model[index], model.readUInt16BE(index), model.readUInt32BE(index)];
        }
        expect(seen).toEqual(expected);
        expect(queue.length).toBe(model.length);
      }
      expect(queue.takeAll().equals(model)).toBe(true);
      expect(queue.length).toBe(0);
    },
  );
});

test('what was taken does not change when more is pushed', () => {
  const queue = new ByteQueue();
  queue.push(Buffer.from('ab'));
  queue.push(Buffer.from('cd'));
  queue.push(Buffer.from('ef'));
  queue.skip(2);
  const taken = queue.take(3);
  queue.push(Buffer.from('XYZ'));
  queue.push(Buffer.from('W'));
  expect(taken.toString()).toBe('cde');
  expect(queue.takeAll().toString()).toBe('fXYZW');
});

test('a piece inside one chunk is not copied', () => {
  const queue = new ByteQueue();
  const chunk = Buffer.from('hello world');
  queue.push(chunk);
  expect(queue.take(5).buffer).toBe(chunk.buffer);
});

test('compact lets go of a large chunk of which little is left', () => {
  const queue = new ByteQueue();
  const chunk = Buffer.alloc(65_536, 'x');
  queue.push(chunk);
  queue.skip(65_530);
  queue.compact();
  expect(queue.peek(6).buffer).not.toBe(chunk.buffer);
  expect(queue.takeAll().toString()).toBe('xxxxxx');
});

test('asking for more than there is throws and takes nothing', () => {
  const queue = new ByteQueue();
  queue.push(Buffer.from('abc'));
  expect(() => queue.take(4)).toThrow(RangeError);
  expect(() => queue.skip(-1)).toThrow(RangeError);
  expect(() => queue.at(3)).toThrow(RangeError);
  expect(() => queue.indexOf(Buffer.alloc(0))).toThrow(RangeError);
  expect(queue.takeAll().toString()).toBe('abc');
});

test('a Uint8Array becomes a Buffer over the same memory', () => {
  const queue = new ByteQueue();
  const bytes = Uint8Array.of(1, 2, 3);
  queue.push(bytes.subarray(1));
  const taken = queue.takeAll();
  expect(Buffer.isBuffer(taken)).toBe(true);
  expect(taken.buffer).toBe(bytes.buffer);
  expect([...taken]).toEqual([2, 3]);
});
