import { expect, test } from 'vitest';
import type { ReplyStream } from '../../src/server/reply.ts';
import { StreamPump } from '../../src/server/stream-pump.ts';

function stream(count: number, bytes: number, fails = false) {
  const made = { cancelled: undefined as Error | undefined, failed: false };
  let left = count;
  const reply: ReplyStream = {
    next() {
      if (left-- > 0) return Buffer.alloc(bytes);
      made.failed = fails;
      return undefined;
    },
    get failed() {
      return made.failed;
    },
    cancel: (why) => void (made.cancelled = why),
  };
  return { reply, made };
}

function pumping(fullAfter = Number.POSITIVE_INFINITY) {
  const sent: number[] = [];
  const events: string[] = [];
  const later: (() => void)[] = [];
  const pump = new StreamPump({
    get full() {
      return sent.length >= fullAfter;
    },
    soon: (call) => void later.push(call),
    send: (message) => void sent.push(message.length),
    finished: () => void events.push('finished'),
    cutOff: () => void events.push('cut off'),
  });
  return { pump, sent, events, later };
}

test('one large message is sent in one go, so that other connections get their turn', () => {
  const { pump, sent, later } = pumping();
  pump.add(stream(3, 0x4000).reply, { dueAt: 0, queryBytes: 12 });
  expect([sent.length, later.length]).toEqual([0, 1]);
  for (let turn = 1; turn <= 3; turn++) {
    later.shift()?.();
    expect([sent.length, later.length, pump.count]).toEqual([turn, 1, 1]);
  }
  later.shift()?.();
  expect([sent.length, later.length, pump.count, pump.busy]).toEqual([3, 0, 0, false]);
});

test('several transfers of a connection take turns', () => {
  const { pump, sent, events } = pumping();
  pump.add(stream(2, 1).reply, { dueAt: 0, queryBytes: 12 });
  pump.add(stream(2, 2).reply, { dueAt: 0, queryBytes: 12 });
  pump.pump();
  expect(sent).toEqual([1, 2, 1, 2]);
  expect(events).toEqual(['finished', 'finished']);
  expect(pump.busy).toBe(false);
});

test('nothing is made while the peer takes no more', () => {
  const { pump, sent } = pumping(1);
  pump.add(stream(9, 1).reply, { dueAt: 0, queryBytes: 12 });
  pump.pump();
  pump.pump();
  expect(sent).toEqual([1]);
});

test('a failure ends all', () => {
  const { pump, sent, events } = pumping();
  const other = stream(9, 2);
  pump.add(stream(1, 1, true).reply, { dueAt: 0, queryBytes: 12 });
  pump.add(other.reply, { dueAt: 0, queryBytes: 12 });
  pump.pump();
  expect(sent).toEqual([1, 2]);
  expect(events).toEqual(['cut off']);
  pump.cancel(new Error('gone'));
  expect(other.made.cancelled?.message).toBe('gone');
  expect(pump.busy).toBe(false);
});

test('the first of several transfers has to be over first', () => {
  const { pump } = pumping();
  expect(pump.dueAt).toBe(Number.POSITIVE_INFINITY);
  pump.add(stream(2, 1).reply, { dueAt: 9000, queryBytes: 12 });
  pump.add(stream(9, 1).reply, { dueAt: 8000, queryBytes: 12 });
  expect(pump.dueAt).toBe(8000);
});
