/** What {@link clientHelloBytes} puts into the hello. */
export interface ClientHelloContent {
  readonly serverName?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
  /** Numbers of `supported_versions`; none leaves the extension out. @defaultValue TLS 1.3 and 1.2 */
  readonly versions?: readonly number[] | undefined;
  /** More extensions, by number. */
  readonly extensions?: readonly (readonly [type: number, content: Uint8Array])[] | undefined;
  /** Bytes of handshake in each record. @defaultValue all in one */
  readonly recordBytes?: number | undefined;
}

/** The records of a TLS client hello (RFC 8446 §4.1.2), the same bytes each time. */
export function clientHelloBytes(content: ClientHelloContent = {}): Buffer {
  const { serverName, alpn = [], versions = [0x0304, 0x0303], extensions = [] } = content;
  const list: [number, Uint8Array][] = [];
  if (serverName !== undefined) {
    const name = Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(serverName, 'latin1'))]);
    list.push([0, vector(2, name)]);
  }
  if (alpn.length > 0) {
    const names = alpn.map((name) => vector(1, Buffer.from(name, 'latin1')));
    list.push([16, vector(2, Buffer.concat(names))]);
  }
  if (versions.length > 0) {
    list.push([43, vector(1, Buffer.concat(versions.map((version) => number(2, version))))]);
  }
  const encoded = [...list, ...extensions].map(([type, value]) =>
    Buffer.concat([number(2, type), vector(2, value)]),
  );
  const body = Buffer.concat([
    number(2, 0x0303),
    Buffer.alloc(32, 'random'),
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from('130113021303c02b', 'hex')),
    vector(1, Buffer.alloc(1)),
    vector(2, Buffer.concat(encoded)),
  ]);
  return records(Buffer.concat([number(1, 1), vector(3, body)]), content.recordBytes);
}

/** A handshake message in TLS records (RFC 8446 §5.1). */
export function records(message: Buffer, recordBytes: number = 16_384): Buffer {
  const list: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const fragment = message.subarray(at, at + recordBytes);
    list.push(Buffer.from([22, 3, 1]), vector(2, fragment));
  }
  return Buffer.concat(list);
}

function vector(lengthBytes: 1 | 2 | 3, content: Uint8Array): Buffer {
  return Buffer.concat([number(lengthBytes, content.length), content]);
}

function number(bytes: 1 | 2 | 3, value: number): Buffer {
  const encoded = Buffer.alloc(bytes);
  encoded.writeUIntBE(value, 0, bytes);
  return encoded;
}
