import type { Socket } from 'node:dgram';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DatagramOutbox } from '../../src/node/datagram-outbox.ts';

/** A socket that notes what it is given; the kernel takes all of it, but not what begins with `bad`. */
function setUp() {
  const sent: string[] = [];
  const failures: unknown[] = [];
  const socket = {
    send(data: Uint8Array, port: number, host: string) {
      const text = Buffer.from(data).toString();
      if (text.startsWith('bad')) throw new Error(text);
      sent.push(`${text} ${host}:${port}`);
    },
    getSendQueueSize: () => 100,
  };
  const outbox = new DatagramOutbox(socket as unknown as Socket, (thrown) => failures.push(thrown));
  const datagram = (text: string) => ({ data: Buffer.from(text), port: 53, host: '192.0.2.1' });
  return { sent, failures, outbox, datagram };
}

test('answers leave together, after the turn that they are sent in', async () => {
  const { sent, outbox, datagram } = setUp();
  outbox.later(datagram('one'));
  outbox.later(datagram('two'));
  expect(sent).toEqual([]);
  expect(outbox.bytes).toBe(106);
  await turn();
  expect(sent).toEqual(['one 192.0.2.1:53', 'two 192.0.2.1:53']);
  expect(outbox.bytes).toBe(100);
  outbox.later(datagram('three'));
  await turn();
  expect(sent).toHaveLength(3);
});

test('no answer waits for more than seven others', () => {
  const { sent, outbox, datagram } = setUp();
  for (let i = 0; i < 7; i++) outbox.later(datagram(`${i}`));
  expect(sent).toHaveLength(0);
  for (let i = 7; i < 20; i++) outbox.later(datagram(`${i}`));
  expect(sent.map((each) => Number.parseInt(each, 10))).toEqual([...Array(16).keys()]);
});

test('what is sent at once does not overtake', () => {
  const { sent, outbox, datagram } = setUp();
  outbox.later(datagram('first'));
  expect(outbox.now(datagram('second'))).toBe(true);
  expect(sent).toEqual(['first 192.0.2.1:53', 'second 192.0.2.1:53']);
});

test('what the socket does not take is told and stops no other', () => {
  const { sent, failures, outbox, datagram } = setUp();
  for (const text of ['one', 'bad', 'three']) outbox.later(datagram(text));
  outbox.flush();
  expect(sent).toEqual(['one 192.0.2.1:53', 'three 192.0.2.1:53']);
  expect(outbox.now(datagram('bad again'))).toBe(false);
  expect(failures.map(String)).toEqual(['Error: bad', 'Error: bad again']);
});

test('whoever sends something on hearing of a failure sends nothing twice', () => {
  const sent: string[] = [];
  const socket = {
    send(data: Uint8Array) {
      const text = Buffer.from(data).toString();
      if (text === 'bad') throw new Error(text);
      sent.push(text);
    },
    getSendQueueSize: () => 0,
  };
  const datagram = (text: string) => ({ data: Buffer.from(text), port: 53, host: '192.0.2.1' });
  let failures = 0;
  const outbox: DatagramOutbox = new DatagramOutbox(socket as unknown as Socket, () => {
    if (failures++ < 3) outbox.now(datagram('alarm'));
  });
  for (const text of ['one', 'bad', 'two']) outbox.later(datagram(text));
  outbox.flush();
  expect(failures).toBe(1);
  expect(sent).toEqual(['one', 'alarm', 'two']);
});
