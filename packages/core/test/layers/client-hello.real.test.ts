import { once } from 'node:events';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import { stack } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { CLIENT_HELLO, clientHello } from '../../src/layers/preamble/client-hello.ts';
import { routeByServerName } from '../../src/layers/preamble/client-hello-router.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { clientHelloBytes } from '../../testing/client-hello-bytes.ts';
import { createTestAuthority } from '../../testing/test-certificates.ts';
import { host, TlsRig } from '../node/tls-rig.ts';

const authority = createTestAuthority();
const { ca } = authority;

/** Says its name and what it knows, through the socket it takes. */
function native(name: string): Factory {
  return {
    name,
    buildProtocol: () => ({
      connectionMade(t) {
        const asked = t.info(CLIENT_HELLO)?.serverName;
        const socket = t.detach?.();
        const kind = socket instanceof TLSSocket ? 'TLSSocket' : socket?.constructor.name;
        socket?.end(`${name} ${asked} ${t.info(TLS)?.serverName} ${kind}`);
      },
      dataReceived() {},
    }),
  };
}

test('one port serves names with certificates of their own, each on a real TLS socket', async () => {
  await using rig = new TlsRig();
  const port = await rig.listen(
    routeByServerName({
      'a.example': stack(tls(authority.server('a.example')))(native('a')),
      '*.b.example': stack(tls(authority.server('*.b.example')))(native('b')),
    }),
  );
  const ask = async (serverName: string): Promise<string> => {
    const client = await rig.connect(port, { ca, serverName });
    if (!client.info) return (await client.lost).kind;
    const answer = await client.heard;
    client.transport?.close();
    return answer;
  };
  expect(await ask('a.example')).toBe('a a.example a.example TLSSocket');
  expect(await ask('x.b.example')).toBe('b x.b.example x.b.example TLSSocket');
  expect(await ask('c.example')).toBe('reset');
  expect(await rig.servers[2]?.lost).toEqual({
    kind: 'refused',
    by: 'serverName',
    why: 'nobody serves "c.example"',
  });
});

test('whoever takes the socket behind a hello finds it whole, to pass it on undecrypted', async () => {
  await using rig = new TlsRig();
  const hello = clientHelloBytes({ serverName: 'far.example', recordBytes: 30 });
  let taken: (socket: Socket) => void;
  const given = new Promise<Socket>((done) => {
    taken = done;
  });
  const port = await rig.listen(
    clientHello()({
      name: 'tunnel',
      buildProtocol: () => ({
        connectionMade(t) {
          const socket = t.detach?.();
          if (socket) taken(socket);
        },
        dataReceived() {},
      }),
    }),
  );
  const client = new Socket().connect(port, host);
  client.setNoDelay();
  client.write(hello.subarray(0, 50));
  await once(client, 'connect');
  await expect.poll(() => rig.servers[0]?.bytesRead()).toBe(50);
  client.end(Buffer.concat([hello.subarray(50), Buffer.from('and more')]));
  const chunks: Buffer[] = [];
  const socket = await given;
  expect(socket).toBeInstanceOf(Socket);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat([hello, Buffer.from('and more')]));
  socket.end();
  client.destroy();
});
