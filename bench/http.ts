// What an HTTP request costs, in CPU time of the server: `node:http` (twice, to show the noise), Hawser, and what people
// use today. `Hawser, handler` is a plain handler that gives an HttpResponse, `Hawser, Response` one that gives a
// standard Response, `Hawser` has a router in front; `bytes` answers every head with the same bytes. At the end, what
// missed its target.
// Run: npm run example bench/http.ts [hello json ...] [--quick]
import { generate } from 'selfsigned';
import { type Comparison, compare } from './compare.ts';
import {
  BROWSER_REQUEST,
  BROWSER_REQUESTS,
  HELLO_REQUEST,
  LARGE_STREAM_REQUEST,
  measureAnswer,
  POST_REQUEST,
  SMALL_STREAM_REQUEST,
} from './http-requests.ts';
import { twisted } from './http-twisted.ts';
import { measureWorks } from './measure-works.ts';
import { pingPong } from './ping-pong.ts';
import { show } from './show.ts';

/** One kind of request. */
interface Work extends Pick<Comparison, 'count' | 'rounds'> {
  readonly title: string;
  /** Of several, one by each connection in turn. */
  readonly message: Buffer | readonly Buffer[];
  /** Octets that the answer has at least. */
  readonly atLeast: number;
  /** Requests that are sent together. */
  readonly pipelined?: number;
  readonly tls?: boolean;
  /** Beside `node:http`, twice. */
  readonly modes: readonly string[];
  readonly targets: Readonly<Record<string, number>>;
}

/** What is certain to be no worse, given the noise. */
const NO_WORSE = 1.03;
const PEERS = ['Fastify', 'Hono', 'Twisted'];

const works: Readonly<Record<string, Work>> = {
  hello: {
    title: 'GET, 13 bytes of text',
    message: HELLO_REQUEST,
    atLeast: 13,
    modes: ['Hawser, handler', 'Hawser, Response', 'Hawser', ...PEERS, 'bytes'],
    targets: { 'Hawser, handler': 0.65 },
    count: 2_000,
    rounds: 17,
  },
  json: {
    title: 'GET with the headers of a browser, routed, answered with JSON',
    message: BROWSER_REQUEST,
    atLeast: 90,
    modes: ['Hawser', ...PEERS],
    targets: { Hawser: 0.7 },
    count: 2_000,
    rounds: 17,
  },
  browsers: {
    title: 'the same from eight browsers whose cookies differ',
    message: BROWSER_REQUESTS,
    atLeast: 90,
    modes: ['Hawser', ...PEERS],
    targets: { Hawser: 0.7 },
    count: 2_000,
    rounds: 17,
  },
  pipelined: {
    title: 'GET, 13 bytes of text, 16 requests at once',
    message: HELLO_REQUEST,
    atLeast: 13,
    pipelined: 16,
    modes: ['Hawser, handler', 'Hawser', ...PEERS, 'bytes'],
    targets: { 'Hawser, handler': 0.25 },
    count: 6_400,
    rounds: 13,
  },
  post: {
    title: 'POST of 1 KiB, which comes back',
    message: POST_REQUEST,
    atLeast: 1_024,
    modes: ['Hawser', ...PEERS],
    targets: { Hawser: 0.85 },
    count: 2_000,
    rounds: 17,
  },
  tls: {
    title: 'GET, 13 bytes of text, over TLS',
    message: HELLO_REQUEST,
    atLeast: 13,
    tls: true,
    modes: ['Hawser, handler', 'Fastify', 'Hono'],
    targets: { 'Hawser, handler': 0.8 },
    count: 2_000,
    rounds: 17,
  },
  'stream-64k': {
    title: '64 KiB streamed, in 4 pieces',
    message: SMALL_STREAM_REQUEST,
    atLeast: 65_536,
    modes: ['Hawser', ...PEERS],
    targets: { Hawser: NO_WORSE },
    count: 800,
    rounds: 13,
  },
  'stream-10m': {
    title: '10 MB streamed, in 160 pieces',
    message: LARGE_STREAM_REQUEST,
    atLeast: 10_485_760,
    modes: ['Hawser', ...PEERS],
    targets: { Hawser: NO_WORSE },
    count: 48,
    rounds: 21,
  },
};

await measureWorks(works, async (work, effort) => {
  const { title, pipelined = 1, tls, atLeast, targets, count } = work;
  const messages = Buffer.isBuffer(work.message) ? [work.message] : work.message;
  const [message = Buffer.alloc(0)] = messages;
  const python = work.modes.includes('Twisted') ? await twisted() : undefined;
  const samples = await compare({
    script: './http-server.ts',
    modes: [
      'node:http',
      'node:http again',
      ...work.modes.filter((mode) => mode !== 'Twisted' || python),
    ],
    args: tls ? [await certificate()] : [],
    load: async (port) =>
      pingPong(port, {
        message: messages.map((each) =>
          Buffer.concat(Array.from({ length: pipelined }, () => each)),
        ),
        answerBytes: (await measureAnswer(port, { message, tls, atLeast })) * pipelined,
        worth: pipelined,
        tls,
      }),
    count,
    ...effort,
    ...(python && { others: { Twisted: python } }),
  });
  return show(samples, { title, targets });
});

/** As one argument of a server. */
async function certificate(): Promise<string> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'bench.test' }], {
    keyType: 'ec',
  });
  return JSON.stringify({ cert, key });
}
