// What a request over HTTP/2 costs, in CPU time of the server: `node:http2` (twice, to show the noise), `messages` being
// its way with requests and responses, and Hawser. None has a target: `README.md` says what can be reached.
// Run: npm run example bench/http2.ts [hello post upload large] [--quick]
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { type Comparison, compare, type Load } from './compare.ts';
import { COUNT_PATH, ECHO_PATH, HELLO, LARGE, LARGE_PATH } from './http-work.ts';
import { measureWorks } from './measure-works.ts';
import { show } from './show.ts';

/** One kind of request. */
interface Work extends Pick<Comparison, 'count' | 'rounds'> {
  readonly title: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly answerBytes: number;
}

const CONNECTIONS = 4;
/** Requests of a connection that are open at a time. */
const STREAMS = 8;
const POSTED = Buffer.alloc(1_024, 0x61);
const UPLOAD = Buffer.alloc(262_144, 0x61);

const works: Readonly<Record<string, Work>> = {
  hello: {
    title: 'GET over HTTP/2, 13 bytes of text',
    headers: { ':path': '/' },
    answerBytes: HELLO.length,
    count: 3_200,
    rounds: 17,
  },
  post: {
    title: 'POST of 1 KiB over HTTP/2, which comes back',
    headers: { ':path': ECHO_PATH, ':method': 'POST' },
    body: POSTED,
    answerBytes: POSTED.length,
    count: 3_200,
    rounds: 17,
  },
  upload: {
    title: 'POST of 256 KiB over HTTP/2, which are counted',
    headers: { ':path': COUNT_PATH, ':method': 'POST' },
    body: UPLOAD,
    answerBytes: String(UPLOAD.length).length,
    count: 320,
    rounds: 13,
  },
  large: {
    title: 'GET over HTTP/2, 64 KiB',
    headers: { ':path': LARGE_PATH },
    answerBytes: LARGE.length,
    count: 960,
    rounds: 13,
  },
};

await measureWorks(works, async (work, effort) => {
  const samples = await compare({
    script: './http2-server.ts',
    modes: ['node:http2', 'node:http2 again', 'node:http2, messages', 'Hawser'],
    load: (port) => sessions(port, work),
    count: work.count,
    ...effort,
  });
  show(samples, { title: work.title });
  return undefined;
});

/** Connections that keep some requests open each, and send the next as soon as one is answered. */
async function sessions(port: number, work: Work): Promise<Load> {
  const open = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const session = connect(`http://127.0.0.1:${port}`);
      await once(session, 'connect');
      return session;
    }),
  );
  return {
    async run(count) {
      const each = Math.ceil(count / CONNECTIONS / STREAMS);
      const lanes = open.flatMap((session) => Array.from({ length: STREAMS }, () => session));
      await Promise.all(lanes.map((session) => askAgain(session, { work, times: each })));
    },
    close() {
      for (const session of open) session.destroy();
    },
  };
}

async function askAgain(
  session: ClientHttp2Session,
  { work, times }: { readonly work: Work; readonly times: number },
): Promise<void> {
  for (let nth = 0; nth < times; nth++) await ask(session, work);
}

function ask(session: ClientHttp2Session, work: Work): Promise<void> {
  return new Promise((resolve, reject) => {
    const { headers, body, answerBytes } = work;
    const stream = session.request(headers, { endStream: body === undefined });
    if (body) stream.end(body);
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (bytes === answerBytes) resolve();
      else reject(new Error(`Cannot go on as an answer has ${bytes} bytes, not ${answerBytes}`));
    });
  });
}
