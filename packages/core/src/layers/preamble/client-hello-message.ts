/** Reads the first message of a TLS client without decrypting anything: RFC 8446 §4.1.2 and §5.1. Pure. */
import { ProtocolError } from '../../errors.ts';

/** What a TLS client says before anything is encrypted. None of it is proven: it only says what the client asks for. */
export interface ClientHello {
  /**
   * The name the client asks for (SNI, RFC 6066 §3), in lower case; `undefined` if it names none. With an encrypted
   * hello this is the public name of the provider.
   */
  readonly serverName: string | undefined;
  /** The protocols it offers by ALPN (RFC 7301), best first; bytes beyond ASCII as Latin-1. */
  readonly alpn: readonly string[];
  /** The versions it accepts, as `"TLSv1.3"`, best first. Versions nobody knows are left out. */
  readonly versions: readonly string[];
  /** Whether it carries an Encrypted Client Hello, or the noise that looks like one. */
  readonly encrypted: boolean;
}

/** Longest hello that is read, in bytes on the wire. Real ones have 200 to 2,000. */
export const MAX_CLIENT_HELLO_BYTES = 16_384;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MAX_FRAGMENT_BYTES = 16_384;
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;
const VERSIONS = new Map([
  [0x0304, 'TLSv1.3'],
  [0x0303, 'TLSv1.2'],
  [0x0302, 'TLSv1.1'],
  [0x0301, 'TLSv1'],
]);

/**
 * Reads the hello at the start of `head`, however many records it is cut into. Gives a number when `head` ends too
 * early: the length from which it is worth trying again. What follows the hello is not looked at.
 *
 * @throws ProtocolError `HAWSER_BAD_CLIENT_HELLO` as soon as it cannot become one, or is longer than 16 KiB
 */
export function readClientHello(head: Buffer): ClientHello | number {
  const fragments: Buffer[] = [];
  let gathered = 0;
  let wanted = 4;
  let at = 0;
  while (gathered < wanted) {
    const header = head.subarray(at, at + RECORD_HEADER_BYTES);
    checkRecordHeader(header);
    if (header.length < RECORD_HEADER_BYTES) return at + RECORD_HEADER_BYTES;
    const length = header.readUInt16BE(3);
    if (length === 0) throw bad('a record is empty');
    if (length > MAX_FRAGMENT_BYTES) throw bad(`a record has ${length} bytes`);
    at += RECORD_HEADER_BYTES + length;
    if (at > MAX_CLIENT_HELLO_BYTES + RECORD_HEADER_BYTES) {
      throw bad(`it has more than ${MAX_CLIENT_HELLO_BYTES} bytes`);
    }
    const fragment = head.subarray(at - length, at);
    if (gathered === 0 && fragment.length > 0 && fragment[0] !== CLIENT_HELLO) {
      throw bad(`the message is of type ${fragment[0]}`);
    }
    if (fragment.length < length) return at;
    fragments.push(fragment);
    gathered += length;
    if (gathered >= 4 && wanted === 4) {
      wanted += (fragments.length > 1 ? Buffer.concat(fragments) : fragment).readUIntBE(1, 3);
      if (wanted > MAX_CLIENT_HELLO_BYTES) throw bad(`it has ${wanted} bytes`);
    }
  }
  const [only] = fragments;
  const message = fragments.length === 1 && only ? only : Buffer.concat(fragments);
  return readBody(new Cursor(message.subarray(4, wanted)));
}

/** Judges as much of it as there is. */
function checkRecordHeader(header: Buffer): void {
  const [type, major] = header;
  if (type !== undefined && type !== HANDSHAKE_RECORD) throw bad(`a record is of type ${type}`);
  if (major !== undefined && major !== 3) throw bad(`a record is of version ${major}`);
}

function readBody(body: Cursor): ClientHello {
  const legacyVersion = body.number(2);
  body.take(32);
  if (body.vector(1).left > 32) throw bad('the session id is too long');
  const suites = body.vector(2).left;
  if (suites === 0 || suites % 2 === 1) throw bad('the list of cipher suites is broken');
  if (body.vector(1).left === 0) throw bad('there is no compression method');
  // TLS 1.2 allowed a hello that ends here.
  const extensions = readExtensions(body.left > 0 ? body.vector(2) : new Cursor(Buffer.alloc(0)));
  if (body.left > 0) throw bad('there are bytes after the extensions');
  return {
    serverName: readServerName(extensions.get(SERVER_NAME)),
    alpn: readAlpn(extensions.get(ALPN)),
    versions: readVersions(extensions.get(SUPPORTED_VERSIONS), legacyVersion),
    encrypted: extensions.has(ENCRYPTED_CLIENT_HELLO),
  };
}

function readExtensions(list: Cursor): Map<number, Cursor> {
  const extensions = new Map<number, Cursor>();
  while (list.left > 0) {
    const type = list.number(2);
    if (extensions.has(type)) throw bad(`extension ${type} comes twice`);
    extensions.set(type, list.vector(2));
  }
  return extensions;
}

function readServerName(extension: Cursor | undefined): string | undefined {
  if (!extension) return undefined;
  const list = extension.lastVector(2);
  let serverName: string | undefined;
  while (list.left > 0) {
    const type = list.number(1);
    const name = list.vector(2).rest().toString('latin1');
    // RFC 6066 §3: one name of each type; 0 is the only type there is.
    if (type !== 0) continue;
    if (serverName !== undefined) throw bad('it asks for two server names');
    if (!/^[\w.:-]{1,255}$/.test(name)) throw bad('the server name is none');
    serverName = name.toLowerCase();
  }
  return serverName;
}

function readAlpn(extension: Cursor | undefined): readonly string[] {
  if (!extension) return [];
  const list = extension.lastVector(2);
  const names: string[] = [];
  while (list.left > 0) {
    const name = list.vector(1).rest();
    if (name.length === 0) throw bad('a protocol name is empty');
    if (!(name.length === 2 && isGrease(name.readUInt16BE(0)))) names.push(name.toString('latin1'));
  }
  return names;
}

function readVersions(extension: Cursor | undefined, legacyVersion: number): readonly string[] {
  const numbers: number[] = [];
  if (extension) {
    const list = extension.lastVector(1);
    while (list.left > 0) numbers.push(list.number(2));
  } else {
    numbers.push(legacyVersion);
  }
  return numbers.flatMap((number) => VERSIONS.get(number) ?? []);
}

/** Values that clients send to keep servers tolerant (RFC 8701). */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** Takes a message apart from front to back. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Buffer {
    if (count > this.left) throw bad('a length is beyond the end');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  number(bytes: 1 | 2): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }

  /** What follows its own length of `lengthBytes` bytes. */
  vector(lengthBytes: 1 | 2): Cursor {
    return new Cursor(this.take(this.number(lengthBytes)));
  }

  /** A vector that is neither empty nor followed by anything. */
  lastVector(lengthBytes: 1 | 2): Cursor {
    const vector = this.vector(lengthBytes);
    if (vector.left === 0 || this.left > 0) throw bad('a list has the wrong length');
    return vector;
  }
}

function bad(why: string): ProtocolError {
  return new ProtocolError('HAWSER_BAD_CLIENT_HELLO', `Cannot read the TLS client hello: ${why}`);
}
