// What every server of `http.ts` answers, so that they do the same work.

/** The answer to `GET /`. */
export const HELLO = 'hello, world\n';

/** The answer to `GET /users/:id`, to be made into JSON for each request. */
export function user(id: string): Readonly<Record<string, unknown>> {
  return { id, name: 'Ada Lovelace', email: 'ada@example.net', admin: false, tags: ['a', 'b'] };
}

/** What is sent there comes back. */
export const ECHO_PATH = '/echo';

/** What is sent there is counted. */
export const COUNT_PATH = '/count';

/** Where {@link LARGE} is. */
export const LARGE_PATH = '/large';
export const LARGE: Buffer<ArrayBuffer> = Buffer.alloc(65_536, 0x61);

const CHUNK = Buffer.alloc(65_536, 0x61);
const CHUNKS: ReadonlyMap<string, readonly [count: number, bytes: number]> = new Map([
  ['/stream/64k', [4, 16_384]],
  ['/stream/10m', [160, 65_536]],
]);

/** The pieces of a streamed answer, made one by one: 64 KiB in four, 10 MB in 160. */
export function* pieces(path: string): Generator<Buffer<ArrayBuffer>> {
  const [count, bytes] = CHUNKS.get(path) ?? [0, 0];
  for (let i = 0; i < count; i++) yield CHUNK.subarray(0, bytes);
}

/** Longer than any round of the others, so that nobody has to connect again. */
export const KEEP_ALIVE_MS = 600_000;

/** Length of a streamed answer, which all of them announce: the load counts bytes. */
export function streamLength(path: string): number {
  const [count, bytes] = CHUNKS.get(path) ?? [0, 0];
  return count * bytes;
}

/** The same, one at a time. */
export async function* laterPieces(path: string): AsyncGenerator<Buffer<ArrayBuffer>> {
  yield* pieces(path);
}

/** The same, as standard responses have them. */
export function pieceStream(path: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = pieces(path);
  return new ReadableStream(
    {
      pull(controller) {
        const { done, value } = left.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
