import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { createTestAuthority } from '../../testing/test-certificates.ts';
import { host, TlsRig } from './tls-rig.ts';

const authority = createTestAuthority();
const server = authority.server('localhost');
/** Application data that nobody with the keys has sent. */
const FORGED = Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40, 7)]);
const broken = { kind: 'protocol', error: { code: 'HAWSER_TLS_RECORD' } };

/** Somebody in between, who passes everything on, and stays when either side has left. */
class Relay implements AsyncDisposable {
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#pass(client));
  readonly #sockets: Socket[] = [];
  #target = 0;

  async listen(target: number): Promise<number> {
    this.#target = target;
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address !== 'object' || !address) throw new TypeError('no port');
    return address.port;
  }

  forge(to: 'client' | 'server'): void {
    this.#sockets[to === 'client' ? 0 : 1]?.write(FORGED);
  }

  /** Ends the connection to the client, as its server would, but without the keys. */
  cut(): void {
    this.#sockets[0]?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket): void {
    const upstream = dial({ host, port: this.#target, allowHalfOpen: true });
    this.#sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => client.write(data));
  }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a forged record, with %s', (maxVersion) => {
  test.each(['client', 'server'] as const)(
    'ends the connection of the %s, which hears why, though everybody stays',
    async (victim) => {
      await using rig = new TlsRig();
      await using relay = new Relay();
      const lost: CloseReason[] = [];
      const app: Factory = {
        name: 'app',
        buildProtocol: () => ({
          connectionMade: (transport) => void transport.write(Buffer.from('hi')),
          dataReceived: () => lost.push({ kind: 'aborted' }),
          readEnded: () => lost.push({ kind: 'done' }),
          connectionLost: (reason) => void lost.push(reason),
        }),
      };
      const port = await relay.listen(await rig.serve({ ...server, maxVersion }, app));
      const client = await rig.connect(port, { ca: authority.ca, serverName: 'localhost' });
      const clientAbove: CloseReason[] = [];
      client.transport?.onClose((reason) => clientAbove.push(reason));
      await client.heard;
      relay.forge(victim);
      const below = victim === 'client' ? client.lost : rig.servers[0]?.lost;
      expect(await below).toMatchObject(broken);
      const above = victim === 'client' ? clientAbove : lost;
      await expect.poll(() => above).toMatchObject([broken]);
      client.transport?.abort();
    },
  );
});

// Should this fail, node tells the two apart, and the second can be an error (RFC 9112 §8).
test.each(['by its server', 'by somebody in between'])(
  'an end %s is an end: nobody tells whether close_notify has come',
  async (by) => {
    await using rig = new TlsRig();
    await using relay = new Relay();
    const app: Factory = {
      name: 'app',
      buildProtocol: () => ({
        connectionMade(transport) {
          transport.write(Buffer.from('hi'));
          if (by === 'by its server') transport.end();
        },
        dataReceived: () => undefined,
      }),
    };
    const port = await relay.listen(await rig.serve(server, app));
    const client = await rig.connect(port, { ca: authority.ca, serverName: 'localhost' });
    const { transport } = client;
    const above: CloseReason[] = [];
    transport?.onClose((reason) => above.push(reason));
    await client.heard;
    if (by !== 'by its server') relay.cut();
    await expect.poll(() => above).toEqual([{ kind: 'done' }]);
  },
);
