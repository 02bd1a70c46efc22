import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

describe('against a flat buffer', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'seed %i: random pushes, takes, peeks and searches agree',
    (seed) => {
      const random = new SeededRandom(seed);
      const below = (limit: number): number => Math.floor(random.float() * limit);
      const queue = new ByteQueue();
      let model = Buffer.alloc(0);
      for (let step = 0; step < 3_000; step++) {
        switch (below(7)) {
          case 0:
          case 1: {
            // A small alphabet, so that searches find something.
            const size = below(4) === 0 ? below(2_000) : below(20);
            const chunk = Buffer.from(Array.from({ length: size }, () => below(3)));
            queue.push(chunk);
            model = Buffer.concat([model, chunk]);
            break;
          }
          case 2: {
            const count = below(model.length + 1);
            expect(queue.take(count).equals(model.subarray(0, count))).toBe(true);
            model = model.subarray(count);
            break;
          }
          case 3: {
            const count = below(model.length + 1);
            expect(queue.peek(count).equals(model.subarray(0, count))).toBe(true);
            break;
          }
          case 4: {
            const count = below(Math.min(model.length, 40) + 1);
            queue.skip(count);
            model = model.subarray(count);
            break;
          }
          case 5: {
            const needle = Buffer.from(Array.from({ length: 1 + below(7) }, () => below(3)));
            const from = below(model.length + 2);
            expect(queue.indexOf(needle, from)).toBe(model.indexOf(needle, from));
            expect(queue.indexOf(needle[0] as number, from)).toBe(
              model.indexOf(needle[0] as number, from),
            );
            break;
          }
          default: {
            queue.compact();
            if (model.length >= 4) {
              const index = below(model.length - 3);
              expect(queue.at(index)).toBe(model[index]);
              expect(queue.readUInt16BE(index)).toBe(model.readUInt16BE(index));
              expect(queue.readUInt32BE(index)).toBe(model.readUInt32BE(index));
            }
          }
        }
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
