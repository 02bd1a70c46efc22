import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { layer, stack } from '../../src/connection/stack.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import { idleTimeout } from '../../src/layers/observer/idle-timeout.ts';
import { handshakeDeadline, handshakeEnd } from '../../src/layers/preamble/handshake-deadline.ts';
import { proxyProtocol } from '../../src/layers/preamble/proxy-protocol/layer.ts';
import { sniff } from '../../src/layers/preamble/sniff.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';

// A process that was busy sees its timers first, and then what has arrived meanwhile. Only a real loop does that.

let port: Port | undefined;
let client: Socket | undefined;

afterEach(async () => {
  client?.destroy();
  await port?.stop();
});

/** A client that says `hello` while the process is busy for longer than anything waits. */
async function whileBusy(factory: Factory, hello: string): Promise<void> {
  let accepted: () => void = () => {};
  const made = new Promise<void>((resolve) => {
    accepted = resolve;
  });
  const watch = layer({
    kind: 'observer',
    label: 'watch',
    build(inner, incoming) {
      incoming.reactor.clock.callSoon(accepted);
      return inner.buildProtocol(incoming);
    },
  });
  const reactor = createNodeReactor();
  port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, stack(watch)(factory));
  client = connect('port' in port.address ? port.address.port : 0, '127.0.0.1');
  client.on('error', () => {});
  await Promise.all([once(client, 'connect'), made]);
  client.write(hello);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
}

/** Gives what it is, and the first bytes it gets. */
function hearing(name: string, heard: (what: string) => void): Factory {
  return {
    name,
    buildProtocol: () => ({
      connectionMade: () => name === 'silent' && heard(name),
      dataReceived: (data) => heard(`${name}: ${data.toString('latin1')}`),
      connectionLost: ({ kind }: CloseReason) => heard(`${name}: ${kind}`),
    }),
  };
}

test('who has spoken is not silent', async () => {
  const heard = new Promise<string>((resolve) => {
    const http = {
      match: { maxBytes: 1, test: () => 'yes' as const },
      to: hearing('http', resolve),
    };
    void whileBusy(
      sniff({ http, silent: hearing('silent', resolve) }, { silentAfterMs: 300 }),
      'GET',
    );
  });
  expect(await heard).toBe('http: GET');
});

test('a PROXY header that has come is read, though it may be missing', async () => {
  const options = { trust: ['127.0.0.1'], required: false, timeoutMs: 300 };
  const heard = new Promise<string>((resolve) => {
    const factory = stack(proxyProtocol(options))(hearing('app', resolve));
    void whileBusy(factory, 'PROXY TCP4 192.0.2.1 198.51.100.1 5 443\r\nhello');
  });
  expect(await heard).toBe('app: hello');
});

test('a handshake that has come in time is in time', async () => {
  const layers = [
    handshakeDeadline(300),
    proxyProtocol({ trust: ['127.0.0.1'], timeoutMs: 10_000 }),
    handshakeEnd,
  ];
  const heard = new Promise<string>((resolve) => {
    void whileBusy(stack(...layers)(hearing('app', resolve)), 'PROXY UNKNOWN\r\nhello');
  });
  expect(await heard).toBe('app: hello');
});

test('bytes that have come end idleness', async () => {
  const heard = new Promise<string>((resolve) => {
    void whileBusy(stack(idleTimeout(300))(hearing('app', resolve)), 'hello');
  });
  expect(await heard).toBe('app: hello');
});
