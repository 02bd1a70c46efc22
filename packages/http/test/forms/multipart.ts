/** One part as a client writes it. */
export interface WrittenPart {
  readonly head: string;
  readonly body: string;
}

export const BOUNDARY = 'x-boundary';
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

/** A multipart body. */
export function multipart(written: readonly WrittenPart[]): Buffer {
  const text = written.map(({ head, body }) => `--${BOUNDARY}\r\n${head}\r\n\r\n${body}\r\n`);
  return Buffer.from(`${text.join('')}--${BOUNDARY}--\r\n`);
}

export function field(name: string, body: string): WrittenPart {
  return { head: `Content-Disposition: form-data; name="${name}"`, body };
}

export function file(name: string, filename: string, body: string): WrittenPart {
  const disposition = `Content-Disposition: form-data; name="${name}"; filename="${filename}"`;
  return { head: `${disposition}\r\nContent-Type: text/x-test`, body };
}

/** A request whose body comes in these pieces, one for each pull; counts them. */
export class PiecedRequest {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array>;
  pulled = 0;
  cancelled: unknown;

  constructor(contentType: string, pieces: readonly Uint8Array[], failure?: Error) {
    this.headers = new Headers({ 'content-type': contentType });
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const piece = pieces[this.pulled];
          this.pulled += 1;
          if (piece) controller.enqueue(new Uint8Array(piece));
          else if (failure) controller.error(failure);
          else controller.close();
        },
        cancel: (reason) => {
          this.cancelled = reason ?? 'cancelled';
        },
      },
      { highWaterMark: 0 },
    );
  }
}
