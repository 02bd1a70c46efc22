// Servers behind proxies of SOCKS 5 and of HTTP CONNECT, on a simulated network.
import { type Protocol, serve, stack, type Transport, tls } from '@hawser/core';
import { createTestAuthority, withoutLeaks } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { http, httpClient } from '../../src/index.ts';
import { failureOf } from './failure-of.ts';

/** Reads who is asked for; gives the answer that says yes, and how much of the input it was. */
type Handshake = (
  input: Buffer,
  say: (bytes: Buffer) => void,
) => { readonly host: string; readonly port: number; readonly yes: Buffer } | undefined;

/** Hands everything on to the other side. */
class Relay implements Protocol {
  other: Transport | undefined;
  transport: Transport | undefined;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.other?.write(data);
  }
  readEnded(): void {
    this.other?.end();
  }
  connectionLost(): void {
    this.other?.close();
  }
}

class Proxy extends Relay {
  readonly #handshake: Handshake;
  #input: Buffer = Buffer.alloc(0);

  constructor(handshake: Handshake) {
    super();
    this.#handshake = handshake;
  }

  override dataReceived(data: Buffer): void {
    const near = this.transport;
    if (this.other || !near) {
      super.dataReceived(data);
      return;
    }
    this.#input = Buffer.concat([this.#input, data]);
    const wanted = this.#handshake(this.#input, (bytes) => near.write(bytes));
    if (!wanted) return;
    asked.push(`${wanted.host}:${wanted.port}`);
    const far = new Relay();
    far.other = near;
    void near.reactor.tcp
      .connect(wanted, () => far)
      .addBoth((outcome) => {
        if (outcome.state === 'rejected') {
          near.abort();
          return;
        }
        this.other = outcome.value;
        near.write(wanted.yes);
      });
  }
}

let asked: string[] = [];

/** RFC 1928: no authentication, CONNECT, a name. */
function socks5(): Proxy {
  let greeted = false;
  return new Proxy((input, say) => {
    if (!greeted) {
      if (input.length < 3) return undefined;
      greeted = true;
      say(Buffer.from([5, 0]));
    }
    const request = input.subarray(2 + (input[1] ?? 0));
    const length = request[4] ?? 0;
    if (request.length < 7 + length) return undefined;
    const host = request.subarray(5, 5 + length).toString();
    const port = request.readUInt16BE(5 + length);
    return { host, port, yes: Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]) };
  });
}

function connect(): Proxy {
  return new Proxy((input) => {
    const [, host = '', port] = /^CONNECT (.*):(\d+) HTTP\/1\.1\r\n[^]*\r\n\r\n$/.exec(
      String(input),
    ) ?? [undefined];
    if (port === undefined) return undefined;
    return { host, port: Number(port), yes: Buffer.from('HTTP/1.1 200 OK\r\n\r\n') };
  });
}

const app = http(async (request) => new Response(`${request.url} ${await request.text()}`));
const authority = createTestAuthority();

describe.each([
  ['socks5', socks5],
  ['http-connect', connect],
] as const)('through a proxy of %s', (name, makeProxy) => {
  test.each([
    ['http', 'http/1.1'],
    ['http', 'h2'],
    ['https', 'http/1.1'],
  ] as const)('a server is asked by %s over %s, again and again', async (scheme, protocol) => {
    asked = [];
    await withoutLeaks(async (sim) => {
      const [server, proxy, here] = sim.hosts('server.example', 'proxy', 'here');
      const port = scheme === 'https' ? 443 : 80;
      const secured = stack(tls(authority.server('server.example')))(app);
      const listener = serve(`tcp://:${port}`, scheme === 'https' ? secured : app);
      const relay = serve('tcp://:1080', makeProxy);
      await listener.start(server);
      await relay.start(proxy);
      const client = httpClient(here, {
        endpoint: `${name}+tcp://proxy:1080/server.example:${port}`,
        protocols: [protocol],
        tls: { ca: authority.ca },
        retry: false,
      });
      const url = `${scheme}://server.example/`;
      for (const body of ['one', 'two', 'x'.repeat(100_000)]) {
        const response = await client.post(url, { body });
        expect(response.version).toBe(protocol === 'h2' ? '2.0' : '1.1');
        expect(await response.text()).toBe(`${url} ${body}`);
      }
      await client.close();
      await listener.stop();
      await relay.stop();
    });
    expect(asked).toEqual([`server.example:${scheme === 'https' ? 443 : 80}`]);
  });

  test('a server that is not there is an error of the connection', async () => {
    await withoutLeaks(async (sim) => {
      const [proxy, here] = sim.hosts('proxy', 'here');
      const relay = serve('tcp://:1080', makeProxy);
      await relay.start(proxy);
      const endpoint = `${name}+tcp://proxy:1080/nowhere.example:80`;
      const client = httpClient(here, { endpoint, retry: false });
      expect(await failureOf(client.get('http://nowhere.example/'))).toMatchObject({
        phase: 'connect',
        sent: 'nothing',
      });
      await client.close();
      await relay.stop();
    });
  });
});
