import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { plug } from '../../src/adapt/plug.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

function connected(factory: ReturnType<typeof plug>) {
  const reactor = createTestReactor();
  let text = '';
  const ends = connectPipe(reactor, factory, () => ({
    dataReceived(data) {
      text += data.toString('latin1');
    },
  }));
  return { reactor, ...ends, text: () => text };
}

test('a library gets a stream that works where there is no socket', async () => {
  const factory = plug('echo', { accept: (socket) => void socket.pipe(socket) });
  expect(factory.name).toBe('echo');
  const { client, reactor, text } = connected(factory);
  client.write(Buffer.from('hello'));
  await reactor.clock.settle();
  expect(text()).toBe('hello');
  client.end();
  await reactor.clock.settle();
  expect(client.ending).toBe(true);
});

test('a library that listens late still gets every byte', async () => {
  let socket: Socket | undefined;
  const { client, reactor } = connected(
    plug('late', {
      accept(given) {
        socket = given;
      },
    }),
  );
  client.write(Buffer.from('early'));
  await reactor.clock.settle();
  let got = '';
  socket?.on('data', (data) => {
    got += String(data);
  });
  await reactor.clock.settle();
  expect(got).toBe('early');
});

test('a throw in accept ends the connection and is reported', async () => {
  const { server, reactor } = connected(
    plug('broken', {
      accept() {
        throw new Error('a mistake');
      },
    }),
  );
  const reasons: CloseReason[] = [];
  server.onClose((reason) => reasons.push(reason));
  await reactor.clock.settle();
  expect(reasons).toMatchObject([{ kind: 'protocol', error: { message: 'a mistake' } }]);
  expect(reactor.reports.problems).toHaveLength(1);
});

test('a drain goes to the library, or closes where it has no word for it', async () => {
  const asked: number[] = [];
  const polite = connected(
    plug('polite', {
      accept: (socket) => void socket.resume(),
      drain(socket, deadline) {
        asked.push(deadline);
        socket.end('bye');
      },
    }),
  );
  polite.server.requestDrain(500);
  await polite.reactor.clock.settle();
  expect([asked, polite.text()]).toEqual([[500], 'bye']);

  const plain = connected(plug('plain', { accept: (socket) => void socket.resume() }));
  plain.server.requestDrain(500);
  await plain.reactor.clock.settle();
  expect(plain.server.ending).toBe(true);
});

test('a reset that no library listens for ends the connection, not the process', async () => {
  const { client, server, reactor } = connected(plug('deaf', { accept: () => undefined }));
  const reasons: CloseReason['kind'][] = [];
  server.onClose(({ kind }) => reasons.push(kind));
  client.abort();
  await reactor.clock.settle();
  expect(reasons).toEqual(['reset']);
});
