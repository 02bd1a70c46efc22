import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { plug } from '../../src/adapt/plug.ts';
import { stack } from '../../src/connection/stack.ts';
import type { Factory, Matcher } from '../../src/contract/factory.ts';
import type { Has } from '../../src/contract/reactor.ts';
import { maxConnections } from '../../src/layers/admission/max-connections.ts';
import { perAddress } from '../../src/layers/admission/per-address.ts';
import { idleTimeout } from '../../src/layers/observer/idle-timeout.ts';
import { proxyProtocol } from '../../src/layers/preamble/proxy-protocol/layer.ts';
import { sendProxyHeader } from '../../src/layers/preamble/proxy-protocol/send.ts';
import { sniff } from '../../src/layers/preamble/sniff.ts';
import { startTls } from '../../src/layers/transform/start-tls.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';
import { inet } from './arrive.ts';

/** A borrowed library that echoes in its name, and says where the client comes from. */
function library(name: string, given: Map<string, Socket>, match?: Matcher): Factory {
  return plug(name, {
    match,
    accept(socket) {
      given.set(name, socket);
      socket.write(`${name} ${socket.remoteAddress}:${socket.remotePort}\n`);
      socket.pipe(socket);
    },
  });
}

const startsWith = (start: string): Matcher => ({
  maxBytes: start.length,
  test(head) {
    const common = Math.min(head.length, start.length);
    if (head.toString('latin1', 0, common) !== start.slice(0, common)) return 'no';
    return common === start.length ? 'yes' : 'more';
  },
});

/** PROXY, then one port for TLS with two protocols inside, the same two in clear, and one that speaks first. */
export function onePort(trust: readonly string[]) {
  const given = new Map<string, Socket>();
  const web = startsWith('GET ');
  const shell = startsWith('SSH-');
  const inside = sniff({
    web: library('secure web', given, web),
    shell: library('secure shell', given, shell),
  });
  const factory = stack(
    maxConnections(100),
    proxyProtocol({ trust }),
    perAddress(10),
    idleTimeout(60_000),
  )(
    sniff({
      tls: stack(tls(localhostCertificate))(inside),
      shell: library('shell', given, shell),
      web: library('web', given, web),
      silent: library('mail', given),
    }),
  );
  return { factory, given };
}

interface Talk {
  readonly says: string;
  readonly secure: boolean;
  /** What comes back. */
  readonly hears: string;
}

export const talks: readonly Talk[] = [
  { says: 'GET /', secure: true, hears: 'secure web 192.0.2.1:56324\nGET /' },
  { says: 'SSH-2.0-x', secure: true, hears: 'secure shell 192.0.2.1:56324\nSSH-2.0-x' },
  { says: 'SSH-2.0-x', secure: false, hears: 'shell 192.0.2.1:56324\nSSH-2.0-x' },
  { says: 'GET /', secure: false, hears: 'web 192.0.2.1:56324\nGET /' },
  { says: '', secure: false, hears: 'mail 192.0.2.1:56324\n' },
];

/** Connects as a proxy, says what a client behind it says, and waits for the answer. */
export async function talk(
  reactor: Has<'tcp'>,
  { host, port }: { readonly host: string; readonly port: number },
  { says, secure, hears }: Talk,
): Promise<void> {
  const heard = await new Promise<string>((resolve, reject) => {
    let text = '';
    const upper: Factory = {
      name: 'client',
      buildProtocol: () => ({
        connectionMade: (transport) => void transport.write(Buffer.from(says)),
        dataReceived(data) {
          text += data.toString('latin1');
          if (text.length >= hears.length) resolve(text);
        },
        connectionLost: (reason) => reject(new Error(`Cannot talk: ${JSON.stringify(reason)}`)),
      }),
    };
    const secured: Factory = {
      name: 'tls client',
      buildProtocol: () => ({
        connectionMade: (transport) =>
          startTls(transport, { side: 'client', options: { verify: false }, upper }),
        dataReceived: () => undefined,
      }),
    };
    const proxy = sendProxyHeader({
      version: 1,
      source: inet('192.0.2.1', 56_324),
      destination: inet('198.51.100.1', 443),
    });
    Promise.resolve(
      reactor.tcp.connect({ host, port }, stack(proxy)(secure ? secured : upper)),
    ).catch(reject);
  });
  expect(heard).toBe(hears);
}
