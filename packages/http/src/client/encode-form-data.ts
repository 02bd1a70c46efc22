/** Forms with files (RFC 7578), written piece by piece. */
import type { Random } from '@hawser/core';

/** A form as it is sent. */
export interface EncodedForm {
  readonly length: number;
  readonly contentType: string;
  open(): AsyncIterable<Uint8Array>;
}

/** Encodes `form`; files are read while they are sent, each time anew. The boundary is unpredictable. */
export function encodeFormData(form: FormData, random: Pick<Random, 'bytes'>): EncodedForm {
  const boundary = `----hawser${random.bytes(18).toString('hex')}`;
  const parts: (Buffer | Blob)[] = [];
  let length = 0;
  const add = (part: Buffer | Blob): void => {
    parts.push(part);
    length += part instanceof Blob ? part.size : part.length;
  };
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(lines(name))}"`;
    if (typeof value === 'string') {
      add(Buffer.from(`${head}\r\n\r\n${lines(value)}\r\n`));
      continue;
    }
    const type = value.type === '' ? 'application/octet-stream' : value.type;
    const file = `${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
    add(Buffer.from(file));
    add(value);
    add(Buffer.from('\r\n'));
  }
  add(Buffer.from(`--${boundary}--\r\n`));
  return {
    length,
    contentType: `multipart/form-data; boundary=${boundary}`,
    async *open() {
      for (const part of parts) {
        if (part instanceof Blob) yield* part.stream() as unknown as AsyncIterable<Uint8Array>;
        else yield part;
      }
    },
  };
}

/** As browsers do, lest a name ends its quotes or its line. */
function escapeName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

/** Every line end is CR LF (HTML, "multipart/form-data encoding algorithm"). */
function lines(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}
