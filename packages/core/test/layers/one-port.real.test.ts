import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { onePort, talk, talks } from './one-port.ts';

test('PROXY, TLS, two protocols in clear and inside, and silence share a port, on native sockets', async () => {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const { factory, given } = onePort(['127.0.0.1']);
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, factory);
  const number = 'port' in port.address ? port.address.port : 0;
  try {
    for (const each of talks) await talk(reactor, { host: '127.0.0.1', port: number }, each);
    expect([...given.keys()]).toEqual(['secure web', 'secure shell', 'shell', 'web', 'mail']);
    const kinds = [...given.values()].map((socket) => socket.constructor);
    expect(kinds).toEqual([TLSSocket, TLSSocket, Socket, Socket, Socket]);
    expect(port.connections).toBe(talks.length);
    expect(String(port)).toMatch(
      / max\(100\) > proxy > perAddress\(10\) > idle\(60000\) > sniff\(tls\|shell\|web\|silent\)$/,
    );
    expect(reports.problems).toEqual([]);
  } finally {
    await port.stop();
  }
});
