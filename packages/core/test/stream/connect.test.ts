import { expect, test } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { TcpClientEndpoint } from '../../src/endpoints/tcp-endpoint.ts';
import { UsageError } from '../../src/errors.ts';
import { connect } from '../../src/stream/connect.ts';
import { streaming } from '../../src/stream/streaming.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

const echo = streaming(async (conn) => {
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
});

/** A reactor whose TCP reaches `echo`, wherever it connects to. */
function echoWorld(): TestReactor {
  const reactor: TestReactor = createTestReactor({
    tcp: {
      listen: () => new Deferred(),
      connect(_, factory) {
        const connected = new Deferred<never>();
        connected.resolve(connectPipe(reactor, echo, factory).client as never);
        return connected;
      },
    },
  });
  return reactor;
}

test('the example of the guide: connect, write, read a line', async () => {
  const conn = await connect(echoWorld(), 'tcp://server:7000');
  await conn.write('hello\n');
  expect(await conn.readLine({ max: 64 })).toBe('hello');
});

test('takes endpoints as well, and disposing closes', async () => {
  const reactor = echoWorld();
  const conn = await connect(reactor, new TcpClientEndpoint({ host: 'server', port: 7000 }));
  await conn.write('bye\n');
  conn.end();
  expect(await conn.readLine({ max: 64 })).toBe('bye');
  expect(await conn.readLine({ max: 64 })).toBeUndefined();
  await conn[Symbol.asyncDispose]();
});

test('text that is no endpoint rejects', async () => {
  await expect(connect(echoWorld(), 'tcp//server')).rejects.toBeInstanceOf(UsageError);
});

test('cancelling gives up the connection attempt', () => {
  let cancelled = false;
  const reactor = createTestReactor({
    tcp: {
      listen: () => new Deferred(),
      connect: () =>
        new Deferred({
          canceller: () => {
            cancelled = true;
          },
        }),
    },
  });
  connect(reactor, 'tcp://server:7000').cancel();
  expect(cancelled).toBe(true);
});
