// What only a system knows of its sockets, where it tells: Linux.
import { afterEach, expect, test } from 'vitest';
import { http1 } from '../../src/index.ts';
import { Acknowledged } from '../../src/server/acknowledged.ts';
import { RawClient } from '../raw-client.ts';
import { tcpWorld, tlsWorld, type World } from '../world.ts';

let world: World;
afterEach(() => world.stop());

test.runIf(process.platform === 'linux').each([
  ['TCP', tcpWorld],
  ['TLS', tlsWorld],
])('over %s, a system tells what a peer has acknowledged', async (_what, makeWorld) => {
  world = makeWorld();
  let asked: Acknowledged | undefined;
  let answer: () => void = () => undefined;
  const factory = http1((exchange) => {
    asked = new Acknowledged(exchange.transport);
    asked.askFirst();
    answer = () => exchange.respond({ status: 200, fields: [] }, Buffer.alloc(500_000, 'x'));
  });
  const client = await world.connect(factory, new RawClient());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => asked?.isKnown).toBe(true);
  answer();
  await client.until('x'.repeat(500_000));
  expect(asked?.isAtLeast(1)).toBe(false);
  expect(asked?.askAgain()).toBe(true);
  await expect.poll(() => asked?.isAtLeast(1)).toBe(true);
  expect(asked?.isAtLeast(1e12)).toBe(false);
  expect(asked?.askAgain()).toBe(false);
});
