import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import { stack } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { withLayers } from '../../src/endpoints/with-layers.ts';
import { sendProxyHeader } from '../../src/layers/preamble/proxy-protocol/send.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { createTestAuthority } from '../../testing/test-certificates.ts';

const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });
const folder = mkdtempSync(join(tmpdir(), 'hawser-secured-'));
const files = {
  ca: join(folder, 'ca.pem'),
  cert: join(folder, 'cert.pem'),
  key: join(folder, 'key.pem'),
};
const authority = createTestAuthority();
const localhost = authority.server('localhost');
writeFileSync(files.ca, authority.ca);
writeFileSync(files.cert, localhost.cert);
writeFileSync(files.key, localhost.key);
const ports: Port[] = [];
afterAll(async () => {
  for (const port of ports) await port.stop();
  rmSync(folder, { recursive: true });
});

async function listen(text: string, factory: Factory): Promise<number> {
  const port = await parseServerEndpoint(text).listen(reactor, factory);
  ports.push(port);
  return 'port' in port.address ? port.address.port : 0;
}

/** Says who it thinks the peer is, and how it is secured. */
const whoAmI: Factory = {
  name: 'who',
  buildProtocol: ({ peer }) => ({
    connectionMade(transport: Transport) {
      const host = 'host' in peer ? peer.host : '';
      transport.write(Buffer.from(`${host} ${transport.info(TLS) ? 'secure' : 'plain'}`));
      transport.end();
    },
    dataReceived: () => undefined,
  }),
};

test('PROXY before TLS, as the text says: the header is read, then the handshake', async () => {
  const { cert, key } = files;
  const port = await listen(
    `proxy+tls+tcp://127.0.0.1:0?cert=${cert}&key=${key}&proxy.trust=127.0.0.1`,
    whoAmI,
  );
  const header = sendProxyHeader({
    source: { kind: 'tcp', host: '192.0.2.9', port: 9, family: 4 },
    destination: { kind: 'tcp', host: '192.0.2.1', port: 443, family: 4 },
  });
  let heard = '';
  await new Promise<void>((done, failed) => {
    const client: Protocol = {
      dataReceived: (data) => void (heard += String(data)),
      connectionLost: () => done(),
    };
    const secured: Factory = {
      name: 'client',
      buildProtocol: () => ({
        connectionMade: (transport: Transport) =>
          void reactor.tls.startClient(
            transport,
            { verify: false },
            {
              name: 'client',
              buildProtocol: () => client,
            },
          ),
        dataReceived: () => undefined,
      }),
    };
    withLayers(parseClientEndpoint(`tcp://127.0.0.1:${port}`))
      .connect(reactor, stack(header)(secured))
      .catch(failed);
  });
  expect(heard).toBe('192.0.2.9 secure');
  expect(reports.problems).toEqual([]);
});

test('TLS through a tunnel: the name is that of the far end', async () => {
  const { cert, key } = files;
  const port = await listen(`tls://127.0.0.1:0?cert=${cert}&key=${key}`, whoAmI);
  // A proxy that takes any greeting and request, and goes on to the one port.
  const proxy = await listen('tcp://127.0.0.1:0', {
    name: 'socks',
    buildProtocol: () => new OneWayProxy(port),
  });
  let heard = '';
  let native = false;
  await new Promise<void>((done, failed) => {
    const client: Protocol = {
      connectionMade(transport) {
        native = transport.detach !== undefined;
      },
      dataReceived: (data) => void (heard += String(data)),
      connectionLost: () => done(),
    };
    parseClientEndpoint(`socks5+tls+tcp://127.0.0.1:${proxy}/localhost:${port}?verify=false`)
      .connect(reactor, () => client)
      .catch(failed);
  });
  expect(heard).toBe('127.0.0.1 secure');
  expect(native).toBe(true);
});

test('through a tunnel as well, the next connection takes the session of the last one up', async () => {
  const { ca, cert, key } = files;
  const port = await listen(`tls://127.0.0.1:0?cert=${cert}&key=${key}`, whoAmI);
  const proxy = await listen('tcp://127.0.0.1:0', {
    name: 'socks',
    buildProtocol: () => new OneWayProxy(port),
  });
  const endpoint = parseClientEndpoint(
    `socks5+tls+tcp://127.0.0.1:${proxy}/localhost:${port}?tls.ca=${ca}`,
  );
  const visit = (): Promise<boolean | undefined> =>
    new Promise((done, failed) => {
      let resumed: boolean | undefined;
      const client: Protocol = {
        connectionMade: (transport) => void (resumed = transport.info(TLS)?.resumed),
        dataReceived: () => undefined,
        connectionLost: () => done(resumed),
      };
      endpoint.connect(reactor, () => client).catch(failed);
    });
  expect([await visit(), await visit()]).toEqual([false, true]);
});

test('a certificate for somebody else is refused', async () => {
  const { cert, key } = files;
  const port = await listen(`tls://127.0.0.1:0?cert=${cert}&key=${key}`, whoAmI);
  const proxy = await listen('tcp://127.0.0.1:0', {
    name: 'socks',
    buildProtocol: () => new OneWayProxy(port),
  });
  await expect(
    parseClientEndpoint(`socks5+tls+tcp://127.0.0.1:${proxy}/other.example:${port}`).connect(
      reactor,
      () => ({ dataReceived: () => undefined }),
    ),
  ).rejects.toMatchObject({ code: 'HAWSER_TLS_HANDSHAKE' });
});

class OneWayProxy implements Protocol {
  readonly #port: number;
  readonly #answers = ['0500', '05000001000000000000'];
  #client: Transport | undefined;
  #upstream: Transport | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  connectionMade(client: Transport): void {
    this.#client = client;
  }

  dataReceived(data: Buffer): void {
    const answer = this.#answers.shift();
    if (answer === undefined) {
      this.#upstream?.write(data);
      return;
    }
    if (this.#answers.length > 0) {
      this.#client?.write(Buffer.from(answer, 'hex'));
      return;
    }
    void reactor.tcp.connect({ host: '127.0.0.1', port: this.#port }, () => ({
      connectionMade: (upstream) => {
        this.#upstream = upstream;
        this.#client?.write(Buffer.from(answer, 'hex'));
      },
      dataReceived: (chunk) => void this.#client?.write(chunk),
      readEnded: () => this.#client?.end(),
    }));
  }

  readEnded(): void {
    this.#upstream?.end();
    this.#client?.end();
  }

  connectionLost(): void {
    this.#upstream?.abort();
  }
}
