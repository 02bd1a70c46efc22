import { connect, type InetAddress, streaming } from '@hawser/core';
import { onBothReactors } from '@hawser/core/testing';
import { expect, test } from 'vitest';

// The tests of docs/testing.md that open sockets.

const echo = streaming(async (conn) => {
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
});

const onBoth = onBothReactors(test);

onBoth('says back what it hears', async ({ server, client, host }) => {
  const listening = await server.tcp.listen({ host, port: 0 }, echo);
  const { port } = listening.address as InetAddress;
  const conn = await connect(client, `tcp://${host}:${port}`);
  await conn.write('hello\n');
  expect(await conn.readLine({ max: 64 })).toBe('hello');
  await conn.close();
  await listening.stop();
});
