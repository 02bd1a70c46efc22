import { AddressSet } from '../../../connection/address-set.ts';
import { handOver } from '../../../connection/hand-over.ts';
import { REAL_LOCAL, REAL_PEER } from '../../../connection/info-keys.ts';
import { overlay } from '../../../connection/overlay.ts';
import { layer } from '../../../connection/stack.ts';
import type { Factory, Incoming } from '../../../contract/factory.ts';
import type { Layer } from '../../../contract/layer.ts';
import type { Protocol } from '../../../contract/protocol.ts';
import type { Transport } from '../../../contract/transport.ts';
import { waitForInput } from '../../wait-for-input.ts';
import { badHeader } from './bad-header.ts';
import { PROXY_HEADER, type ProxyHeader } from './header.ts';
import { DEFAULT_MAX_BYTES, matchProxyProtocol, parseProxyHeader } from './read.ts';
import { V2_FIXED_BYTES } from './v2.ts';

/** Options for {@link proxyProtocol}. */
export interface ProxyProtocolOptions {
  /**
   * The proxies, as addresses and networks; `'unix'` for a proxy on this machine that comes by a Unix socket. Whoever
   * else connects is reset: a header from anybody would let anybody be anybody.
   */
  readonly trust: AddressSet | readonly string[];
  /** A connection whose header is not complete by then is cut off, in milliseconds. @defaultValue 3_000 */
  readonly timeoutMs?: number | undefined;
  /** The longest header of version 2; one of version 1 has at most 107 bytes. @defaultValue 1024 */
  readonly maxBytes?: number | undefined;
  /**
   * Whether a trusted peer must send a header. With `false` one that begins otherwise, or says nothing for
   * `timeoutMs`, passes as itself: only where the same address is both a proxy and a client, such as a monitor.
   * @defaultValue true
   */
  readonly required?: boolean | undefined;
}

interface Plan {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly required: boolean;
}

/**
 * Reads the header a proxy such as HAProxy, nginx or a load balancer puts in front of a connection (PROXY protocol,
 * versions 1 and 2). From then on `peer` and `local` are what the proxy reported, also on a socket that is given away;
 * `info(REAL_PEER)` and `info(REAL_LOCAL)` have the real ends and `info(PROXY_HEADER)` everything else. Where the
 * proxy speaks for itself, or does not know the client, the ends stay the real ones. It leaves after the header, so it
 * costs nothing per chunk.
 *
 * A header that is wrong or too long ends the connection with `HAWSER_BAD_PROXY_HEADER`, a source that is not trusted
 * with `{ kind: 'refused' }`, and the deadline with `{ kind: 'timeout', timer: 'handshake' }`.
 *
 * @example stack(proxyProtocol({ trust: ['10.0.0.0/8'] }), tls({ cert, key }))(app)
 * @throws RangeError if an entry of `trust`, `timeoutMs` or `maxBytes` makes no sense
 */
export function proxyProtocol(options: ProxyProtocolOptions): Layer {
  const { trust, timeoutMs = 3_000, maxBytes = DEFAULT_MAX_BYTES, required = true } = options;
  if (!(timeoutMs > 0)) {
    throw new RangeError(`Cannot read PROXY headers as timeoutMs must be > 0: ${timeoutMs}`);
  }
  if (!Number.isInteger(maxBytes) || maxBytes < V2_FIXED_BYTES) {
    throw new RangeError(
      `Cannot read PROXY headers as maxBytes must be a whole number from ${V2_FIXED_BYTES} on: ${maxBytes}`,
    );
  }
  const proxies = trust instanceof AddressSet ? trust : new AddressSet(trust);
  const plan: Plan = { timeoutMs, maxBytes, required };
  return layer({
    kind: 'preamble',
    label: 'proxy',
    traits: ['reportsPeer'],
    ...(required && { match: matchProxyProtocol }),
    build(inner, incoming) {
      if (proxies.has(incoming.peer)) return new HeaderProtocol(incoming, { inner, plan });
      incoming.abort({ kind: 'refused', by: 'proxy', why: 'the peer is not a trusted proxy' });
      return undefined;
    },
  });
}

/** The protocol until the header is complete. */
class HeaderProtocol implements Protocol {
  readonly #incoming: Incoming;
  readonly #inner: Factory;
  readonly #plan: Plan;
  #transport: Transport | undefined;
  #head: Buffer = Buffer.alloc(0);
  #deadline: ReturnType<typeof waitForInput> | undefined;

  constructor(incoming: Incoming, { inner, plan }: { inner: Factory; plan: Plan }) {
    this.#incoming = incoming;
    this.#inner = inner;
    this.#plan = plan;
  }

  connectionMade(transport: Transport): void {
    const { timeoutMs: ms } = this.#plan;
    this.#transport = transport;
    this.#deadline = waitForInput(transport.reactor.clock, { ms, expired: () => this.#expired() });
  }

  dataReceived(data: Buffer): void {
    this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
    const { maxBytes, required } = this.#plan;
    if (!required && matchProxyProtocol.test(this.#head) === 'no') {
      this.#pass(0);
      return;
    }
    const parsed = parseProxyHeader(this.#head, { maxBytes });
    if (!parsed) return;
    this.#show(parsed.header);
    this.#pass(parsed.length);
  }

  readEnded(): void {
    if (this.#head.length > 0) throw badHeader('the connection ended before it was complete');
    // A health check that only connects.
    this.#transport?.close();
  }

  connectionLost(): void {
    this.#deadline?.cancel();
  }

  #expired(): void {
    const { required, timeoutMs } = this.#plan;
    if (!required && this.#head.length === 0) this.#pass(0);
    else this.#transport?.abort({ kind: 'timeout', timer: 'handshake', afterMs: timeoutMs });
  }

  #show(header: ProxyHeader): void {
    const { source, destination } = header;
    const connection = this.#incoming;
    overlay(connection, {
      peer: source,
      local: destination,
      info: [
        [PROXY_HEADER, header],
        // The ends that the first of several proxies found are the real ones.
        ...(source ? [[REAL_PEER, connection.info(REAL_PEER) ?? connection.peer] as const] : []),
        ...(destination
          ? [[REAL_LOCAL, connection.info(REAL_LOCAL) ?? connection.local] as const]
          : []),
      ],
    });
  }

  #pass(headerBytes: number): void {
    this.#deadline?.cancel();
    if (!this.#transport) return;
    const leftover = this.#head.subarray(headerBytes);
    this.#head = Buffer.alloc(0);
    handOver(this.#transport, { incoming: this.#incoming, factory: this.#inner, leftover });
  }
}
