import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const HOST = 'Host: bench.test:8080';

/** As short as requests get. */
export const HELLO_REQUEST: Buffer = request('GET / HTTP/1.1', [HOST, 'Accept: */*']);

/** What Chromium sends when a page fetches something. */
export const BROWSER_REQUEST: Buffer = browserRequest('0123456789abcdef0123456789abcdef');

/** The same from eight browsers, each with a session of its own. */
export const BROWSER_REQUESTS: readonly Buffer[] = Array.from('01234567', (digit) =>
  browserRequest(digit.repeat(32)),
);

/** An upload of 1 KiB, which comes back. */
export const POST_REQUEST: Buffer = Buffer.concat([
  request('POST /echo HTTP/1.1', [
    HOST,
    'Content-Type: application/octet-stream',
    'Content-Length: 1024',
  ]),
  Buffer.alloc(1_024, 0x62),
]);

export const SMALL_STREAM_REQUEST: Buffer = request('GET /stream/64k HTTP/1.1', [HOST]);
export const LARGE_STREAM_REQUEST: Buffer = request('GET /stream/10m HTTP/1.1', [HOST]);

function browserRequest(session: string): Buffer {
  return request('GET /users/42?fields=name HTTP/1.1', [
    HOST,
    'Connection: keep-alive',
    'sec-ch-ua-platform: "Linux"',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
    'sec-ch-ua-mobile: ?0',
    'Accept: application/json, text/plain, */*',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    'Referer: http://bench.test:8080/people',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
    `Cookie: theme=dark; session=${session}`,
  ]);
}

function request(line: string, fields: readonly string[]): Buffer {
  return Buffer.from(`${line}\r\n${fields.join('\r\n')}\r\n\r\n`);
}

/** Options for {@link measureAnswer}. */
export interface MeasureAnswerOptions {
  readonly message: Buffer;
  readonly tls?: boolean | undefined;
  /** The least that the body must have, so that no server gets away with less. */
  readonly atLeast: number;
}

/** How often a server is asked: it must give the same each time, or its answers could not be counted. */
const TIMES = 3;

/**
 * How long the answer of a server is, head and framing included: the load counts bytes and reads no HTTP.
 * @throws Error when it is no 200, or has another length each time
 */
export async function measureAnswer(port: number, options: MeasureAnswerOptions): Promise<number> {
  const lengths = new Set<number>();
  for (let i = 0; i < TIMES; i++) lengths.add(await ask(port, options));
  const [length = 0, another] = lengths;
  if (another !== undefined) throw new Error(`Cannot count as answers differ: ${[...lengths]}`);
  return length;
}

/** Asks on a connection of its own. */
async function ask(
  port: number,
  { message, tls = false, atLeast }: MeasureAnswerOptions,
): Promise<number> {
  const place = { port, host: '127.0.0.1' };
  const socket = tls ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
  await once(socket, tls ? 'secureConnect' : 'connect');
  socket.write(message);
  let head = '';
  let wanted = Number.NaN;
  let got = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got += chunk.length;
    if (Number.isNaN(wanted)) {
      head += chunk.toString('latin1');
      wanted = lengthOf(head);
    }
    if (got >= wanted) break;
  }
  if (!head.startsWith('HTTP/1.1 200') || got !== wanted || got < atLeast) {
    throw new Error(`Cannot count ${got} bytes of an answer: ${head.slice(0, 300)}`);
  }
  return got;
}

function lengthOf(answer: string): number {
  const end = answer.indexOf('\r\n\r\n');
  const [, length] = /^content-length: *(\d+)/im.exec(answer.slice(0, Math.max(end, 0))) ?? [];
  return end < 0 ? Number.NaN : end + 4 + Number(length);
}
