import { expect, test } from 'vitest';
import type { DatagramPort } from '../../src/contract/udp.ts';
import type { LinkOptions } from '../../src/sim/link-options.ts';
import { createSimReactor, type Simulation } from '../../src/sim/simulation.ts';

interface Pair {
  readonly sim: Simulation;
  readonly heard: string[];
  readonly client: DatagramPort;
  readonly send: (text: string) => boolean;
}

function pair(link: LinkOptions, maxSendQueueBytes?: number): Pair {
  const sim = createSimReactor({ seed: 5, drive: 'manual' });
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: 10, ...link });
  const heard: string[] = [];
  const bound = sim.sync.until(
    server.udp.bind({ port: 53 }, { datagramReceived: (data) => void heard.push(data.toString()) }),
  );
  const options = { port: 0, maxSendQueueBytes };
  const port = sim.sync.until(client.udp.bind(options, { datagramReceived() {} }));
  const to = { ...bound.address, host: server.addresses[0] ?? '' };
  return { sim, heard, client: port, send: (text) => port.send(Buffer.from(text), to) };
}

const numbers = Array.from({ length: 1_000 }, (_, number) => String(number));

test('datagrams arrive in order, each once, when the link is good', () => {
  const { sim, heard, send } = pair({ jitterMs: 50 });
  for (const number of numbers) send(number);
  sim.sync.advance(100);
  expect(heard).toEqual(numbers);
});

test('a limit of the bandwidth that is taken away keeps nothing back any more', () => {
  const { sim, heard, send } = pair({ bandwidth: 1_000, queueBytes: 10_000 });
  const late = 'late'.repeat(250);
  for (let count = 0; count < 20; count++) send(late);
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { bandwidth: Number.POSITIVE_INFINITY });
  send('now');
  sim.sync.advance(20);
  expect(heard).toEqual(['now']);
});

test('loss takes about its share, and nothing tells the sender', () => {
  const { sim, heard, send } = pair({ loss: 0.3 });
  expect(numbers.every((number) => send(number))).toBe(true);
  sim.sync.advance(100);
  expect(heard.length).toBeGreaterThan(600);
  expect(heard.length).toBeLessThan(800);
});

test('duplicates are datagrams of their own', () => {
  const { sim, heard, send } = pair({ duplicate: 0.5 });
  for (const number of numbers) send(number);
  sim.sync.advance(100);
  expect(heard.length).toBeGreaterThan(1_300);
  expect(new Set(heard).size).toBe(1_000);
});

test('reordered datagrams come late, but come', () => {
  const { sim, heard, send } = pair({ reorder: 0.2 });
  for (const number of numbers) send(number);
  sim.sync.advance(100);
  expect(heard).not.toEqual(numbers);
  expect(heard.map(Number).sort((a, b) => a - b)).toEqual(numbers.map(Number));
});

test('a slow link queues, then drops; a sender with a limit of its own is told', () => {
  const { sim, heard, client, send } = pair({ bandwidth: 10_000, queueBytes: 20_000 }, 5_000);
  const text = 'x'.repeat(1_000);
  const taken = numbers.slice(0, 20).filter(() => send(text));
  expect(taken.length).toBeLessThan(10);
  expect(client.dropped).toBe(20 - taken.length);
  sim.sync.advance(10_000);
  expect(heard.length).toBe(taken.length);
});

test('a link drops what is beyond its queue', () => {
  const { sim, heard, send } = pair({ bandwidth: 10_000, queueBytes: 5_000 });
  const text = 'x'.repeat(1_000);
  for (const _ of numbers.slice(0, 20)) expect(send(text)).toBe(true);
  sim.sync.advance(10_000);
  expect(heard.length).toBeLessThan(10);
});

test('a partition loses datagrams, those on their way included', () => {
  const { sim, heard, send } = pair({});
  send('on its way');
  sim.sync.advance(5);
  sim.partition('server', 'client');
  send('lost');
  sim.sync.advance(100);
  sim.heal('client');
  send('healed');
  sim.sync.advance(100);
  expect(heard).toEqual(['healed']);
});

test('held datagrams arrive after the release, in order', () => {
  const { sim, heard, send } = pair({});
  sim.hold('client', 'server');
  for (const number of numbers.slice(0, 5)) send(number);
  sim.sync.advance(1_000);
  expect(heard).toEqual([]);
  sim.release();
  sim.sync.advance(10);
  expect(heard).toEqual(['0', '1', '2', '3', '4']);
});

test('a port from before a crash sends nothing, even after the restart', () => {
  const { sim, heard, send } = pair({});
  sim.crash('client');
  sim.restart('client');
  expect(send('from the grave')).toBe(false);
  sim.sync.advance(100);
  expect(heard).toEqual([]);
});
