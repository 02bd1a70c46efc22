/**
 * SOCKS 5, the client side (RFC 1928), with user and password (RFC 1929).
 *
 *     05 count methods ─▶      ◀─ 05 method
 *     01 len user len password ─▶      ◀─ 01 status        only if the proxy chose it
 *     05 01 00 type address port ─▶      ◀─ 05 reply 00 type address port
 */
import type { ByteQueue } from '../bytes/byte-queue.ts';
import { ipBytes } from '../connection/ip-literal.ts';
import { UsageError } from '../errors.ts';
import type { Login, TunnelTarget } from './endpoint-scheme.ts';
import {
  brokenProxy,
  type HandshakeStep,
  MORE,
  OPEN,
  refusedByProxy,
  type TunnelHandshake,
} from './tunnel-handshake.ts';

const VERSION = 5;
const LOGIN_VERSION = 1;
const Method = { None: 0, Login: 2, NoneAcceptable: 0xff } as const;
const CONNECT = 1;
const AddressType = { IPv4: 1, Domain: 3, IPv6: 4 } as const;
const MAX_TEXT_BYTES = 255;

const REPLIES = [
  'succeeded',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
];

/** One dialogue with a SOCKS 5 proxy. A name is sent as it is, for the proxy to look up. */
export class Socks5Handshake implements TunnelHandshake {
  readonly #request: Buffer;
  readonly #login: Buffer | undefined;
  #waitsFor: 'method' | 'login' | 'reply' = 'method';

  /** @throws UsageError `HAWSER_BAD_ENDPOINT` if host, user or password do not fit */
  constructor(target: TunnelTarget, login?: Login) {
    this.#request = encodeRequest(target);
    this.#login = login && encodeLogin(login);
  }

  /** Whether the proxy has let this side in and was asked for the target. */
  get asked(): boolean {
    return this.#waitsFor === 'reply';
  }

  start(): Buffer {
    const methods = this.#login ? [Method.None, Method.Login] : [Method.None];
    return Buffer.from([VERSION, methods.length, ...methods]);
  }

  next(received: ByteQueue): HandshakeStep {
    switch (this.#waitsFor) {
      case 'method':
        return this.#readMethod(received);
      case 'login':
        return this.#readLogin(received);
      case 'reply':
        return readReply(received);
    }
  }

  #readMethod(received: ByteQueue): HandshakeStep {
    // Whoever is no SOCKS proxy says so with the first byte; it may never send a second.
    if (received.length > 0) mustBe(received.at(0), VERSION, 'version');
    if (received.length < 2) return MORE;
    const method = received.at(1);
    received.skip(2);
    if (method === Method.NoneAcceptable) {
      throw refusedByProxy(this.#login ? 'no way to log in is acceptable' : 'it wants a login');
    }
    if (method === Method.None) return this.#ask();
    if (method !== Method.Login || !this.#login)
      throw brokenProxy(`method ${method} was not offered`);
    this.#waitsFor = 'login';
    return { at: 'send', data: this.#login };
  }

  #readLogin(received: ByteQueue): HandshakeStep {
    if (received.length > 0) mustBe(received.at(0), LOGIN_VERSION, 'login version');
    if (received.length < 2) return MORE;
    const status = received.at(1);
    received.skip(2);
    if (status !== 0) throw refusedByProxy('user or password is wrong');
    return this.#ask();
  }

  #ask(): HandshakeStep {
    this.#waitsFor = 'reply';
    return { at: 'send', data: this.#request };
  }
}

function readReply(received: ByteQueue): HandshakeStep {
  if (received.length > 0) mustBe(received.at(0), VERSION, 'version');
  if (received.length < 2) return MORE;
  const reply = received.at(1);
  // The address of a refusal means nothing, and some proxies leave it out.
  if (reply !== 0) throw refusedByProxy(REPLIES[reply] ?? `reply ${reply}`);
  if (received.length < 5) return MORE;
  const length = 4 + addressLength(received.at(3), received.at(4)) + 2;
  if (received.length < length) return MORE;
  received.skip(length);
  return OPEN;
}

function addressLength(type: number, first: number): number {
  switch (type) {
    case AddressType.IPv4:
      return 4;
    case AddressType.IPv6:
      return 16;
    case AddressType.Domain:
      return 1 + first;
    default:
      throw brokenProxy(`address type ${type}`);
  }
}

function mustBe(found: number, wanted: number, what: string): void {
  if (found !== wanted) throw brokenProxy(`${what} must be ${wanted}: ${found}`);
}

function encodeRequest({ host, port }: TunnelTarget): Buffer {
  const ip = ipBytes(host);
  const type = ip ? (ip.length === 4 ? AddressType.IPv4 : AddressType.IPv6) : AddressType.Domain;
  const address = ip ?? withLength('host', host);
  const numbers = Buffer.from([port >> 8, port & 0xff]);
  return Buffer.concat([Buffer.from([VERSION, CONNECT, 0, type]), address, numbers]);
}

function encodeLogin({ user, password = '' }: Login): Buffer {
  const parts = [withLength('user', user), withLength('password', password)];
  return Buffer.concat([Buffer.from([LOGIN_VERSION]), ...parts]);
}

function withLength(what: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length < 1 || bytes.length > MAX_TEXT_BYTES) {
    throw new UsageError(
      'HAWSER_BAD_ENDPOINT',
      `Cannot use SOCKS as ${what} must have 1 to ${MAX_TEXT_BYTES} bytes: it has ${bytes.length}`,
    );
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
