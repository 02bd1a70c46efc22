import { createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import type { Protocol } from '../../src/contract/protocol.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const reactor = createNodeReactor({ reports: new CollectedReports() });

async function listenOn(host: string, port = 0): Promise<Server & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, done);
  });
  const address = server.address();
  return Object.assign(server, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
}

test('localhost is reached though only its IPv4 address listens, and made once', async () => {
  const server = await listenOn('127.0.0.1');
  const made: string[] = [];
  const protocol: Protocol = {
    connectionMade: ({ peer }) => void made.push('host' in peer ? peer.host : ''),
    dataReceived: () => undefined,
  };
  const transport = await reactor.tcp.connect(
    { host: 'localhost', port: server.port },
    () => protocol,
  );
  expect(made).toEqual(['127.0.0.1']);
  const lost = new Promise((done) => transport.onClose(done));
  transport.abort();
  await lost;
  server.close();
});

test('a port where nobody listens fails with each address of localhost', async () => {
  const server = await listenOn('127.0.0.1');
  const { port } = server;
  await new Promise((done) => server.close(done));
  const error = await reactor.tcp
    .connect({ host: 'localhost', port }, () => ({ dataReceived: () => undefined }))
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'HAWSER_CONNECT' });
  const { errors } = (error as { cause: AggregateError }).cause;
  expect(errors.length).toBeGreaterThan(0);
  for (const each of errors) {
    expect(each).toMatchObject({ name: 'AttemptError', address: { host: expect.any(String) } });
  }
});
