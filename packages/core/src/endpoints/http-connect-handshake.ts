/** HTTP CONNECT, the client side (RFC 9110 §9.3.6), in HTTP/1.1 (RFC 9112), with Basic authentication (RFC 7617). */
import type { ByteQueue } from '../bytes/byte-queue.ts';
import { UsageError } from '../errors.ts';
import type { Login, TunnelTarget } from './endpoint-scheme.ts';
import { joinHostPort } from './host-port.ts';
import {
  brokenProxy,
  type HandshakeStep,
  MORE,
  OPEN,
  refusedByProxy,
  type TunnelHandshake,
} from './tunnel-handshake.ts';

/** Options for {@link HttpConnectHandshake}. */
export interface HttpConnectOptions {
  readonly login?: Login | undefined;
  /** The longest header of the answer, interim answers included, in bytes. @defaultValue 16_384 */
  readonly maxHeaderBytes?: number | undefined;
}

const END = Buffer.from('\r\n\r\n');
const LF = 0x0a;
const CR = 0x0d;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: (.*))?$/;
// What follows the first field may be folded (RFC 9112 §5.2); as no field is used, it need not be put together.
const FOLDED_LINE = /^[\t ][^\0\r\n]*$/;
const FIELD_LINE = /^[!#$%&'*+.^_`|~\w-]+:[^\0\r\n]*$/;
const DEFAULT_MAX_HEADER_BYTES = 16_384;

/** One dialogue with an HTTP proxy. Whatever follows the header of a 2xx answer came through the tunnel. */
export class HttpConnectHandshake implements TunnelHandshake {
  readonly #request: Buffer;
  #bytesLeft: number;
  /** Bytes searched for the end of the header already. */
  #searched = 0;

  /** @throws UsageError `HAWSER_BAD_ENDPOINT` if user or password cannot be sent */
  constructor(target: TunnelTarget, options: HttpConnectOptions = {}) {
    const { login, maxHeaderBytes = DEFAULT_MAX_HEADER_BYTES } = options;
    this.#bytesLeft = maxHeaderBytes;
    const where = joinHostPort(target);
    const who = login ? `Proxy-Authorization: Basic ${encodeLogin(login)}\r\n` : '';
    this.#request = Buffer.from(
      `CONNECT ${where} HTTP/1.1\r\nHost: ${where}\r\n${who}\r\n`,
      'latin1',
    );
  }

  start(): Buffer {
    return this.#request;
  }

  next(received: ByteQueue): HandshakeStep {
    // The four bytes may be cut anywhere, so the last three are searched again.
    const end = received.indexOf(END, Math.max(0, this.#searched - (END.length - 1)));
    const length = end < 0 ? received.length : end + END.length;
    if (length > this.#bytesLeft || (end < 0 && length === this.#bytesLeft)) {
      throw brokenProxy('its header is too long');
    }
    if (end < 0) {
      this.#searched = received.length;
      checkStart(received);
      return MORE;
    }
    this.#bytesLeft -= length;
    this.#searched = 0;
    const status = readHeader(received.take(length).toString('latin1', 0, end));
    // Interim answers (RFC 9110 §15.2) come before the one that counts; 101 would be another protocol.
    return status < 200 ? this.next(received) : OPEN;
  }
}

/** Gives the status, if it is one to go on with. */
function readHeader(header: string): number {
  const [statusLine = '', ...fields] = header.split('\r\n');
  const [, digits, reason = ''] = STATUS_LINE.exec(statusLine) ?? [];
  if (digits === undefined) throw brokenProxy(`status line ${show(statusLine)}`);
  fields.forEach((field, at) => {
    if (FIELD_LINE.test(field) || (at > 0 && FOLDED_LINE.test(field))) return;
    throw brokenProxy(`header field ${show(field)}`);
  });
  const status = Number(digits);
  if (status === 101) throw brokenProxy('it switches to another protocol');
  if (status >= 300) throw refusedByProxy(`${digits} ${show(reason)}`);
  return status;
}

/** What is no HTTP is told at once: an SSH or SMTP server greets, and then both sides wait for ever, as after a bare LF. */
function checkStart(received: ByteQueue): void {
  const start = 'HTTP/1.';
  const length = Math.min(start.length, received.length);
  const found = received.peek(length).toString('latin1');
  if (found !== start.slice(0, length)) throw brokenProxy(`it begins with ${show(found)}`);
  const end = received.indexOf(LF);
  if (end > 0 && received.at(end - 1) !== CR) throw brokenProxy('its first line ends without CR');
}

/** Text of the proxy, fit for one line of a log. */
function show(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function encodeLogin({ user, password = '' }: Login): string {
  // oxlint-disable-next-line no-control-regex -- that is what must not be there
  if (user.includes(':') || /[\u0000-\u001f\u007f]/.test(user + password)) {
    throw new UsageError(
      'HAWSER_BAD_ENDPOINT',
      'Cannot log in to the proxy as the user has a colon or there are control characters',
    );
  }
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
}
