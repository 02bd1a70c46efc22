import { chunkings, SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { RequestReader } from '../../src/wire/request-reader.ts';
import { mutate } from './mutate.ts';
import { feedAll, latin1, recordRequests } from './recording.ts';

const HOST = 'Host: a.test\r\n';

/** What a new reader makes of each message by itself. */
function readAlone(messages: readonly string[]): string[] {
  return messages.flatMap((message) => {
    const alone = recordRequests();
    feedAll(new RequestReader(alone), [latin1(message)]);
    return alone.log;
  });
}

test.each([
  ['the same', ['GET /a HTTP/1.1', 'GET /a HTTP/1.1', 'GET /a HTTP/1.1'], `${HOST}X-A: 1\r\n\r\n`],
  ['other targets', ['GET /a HTTP/1.1', 'PUT /bb HTTP/1.1', 'GET / HTTP/1.1'], `${HOST}\r\n`],
  [
    'another version',
    ['GET /a HTTP/1.1', 'GET /a HTTP/1.1', 'GET /a HTTP/1.0'],
    `${HOST}Connection: keep-alive\r\nUpgrade: h9\r\nConnection: Upgrade\r\nExpect: 100-continue\r\n\r\n`,
  ],
  [
    'absolute targets',
    ['GET /a HTTP/1.1', 'GET http://b.test/ HTTP/1.1', 'GET /c HTTP/1.1'],
    `${HOST}\r\n`,
  ],
  [
    'bodies',
    ['POST /a HTTP/1.1', 'POST /b HTTP/1.1', 'POST /c HTTP/1.1'],
    `${HOST}Content-Length: 3\r\n\r\nabc`,
  ],
  [
    'bodies in chunks',
    ['POST /a HTTP/1.1', 'POST /b HTTP/1.1', 'POST /c HTTP/1.1'],
    `${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`,
  ],
  [
    'no fields',
    ['GET /a HTTP/1.0', 'GET /b HTTP/1.0', 'GET /c HTTP/1.0'],
    'Connection: keep-alive\r\n\r\n',
  ],
])(
  'fields that come again after %s read as the first time, wherever they are cut',
  (_, starts, rest) => {
    const other = `GET /z HTTP/1.1\r\nHost: z.test\r\nX-Other: 1\r\n\r\n`;
    const messages = [...starts, ...starts].map((start) => `${start}\r\n${rest}`);
    messages.splice(4, 0, other);
    const expected = readAlone(messages);
    expect(expected).toHaveLength(messages.length);
    for (const chunks of [messages.map(latin1), ...chunkings(latin1(messages.join('')))]) {
      const sink = recordRequests();
      expect(feedAll(new RequestReader(sink), chunks)).toBe(undefined);
      expect(sink.log).toEqual(expected);
    }
  },
);

test.each([
  ['missing-host', 'GET / HTTP/1.0', 'GET / HTTP/1.1', 'Connection: keep-alive\r\n\r\n'],
  [
    'chunked-in-1.0',
    'POST / HTTP/1.1',
    'POST / HTTP/1.0',
    `${HOST}Transfer-Encoding: chunked\r\n\r\n`,
  ],
  [
    'connect-with-body',
    'PUT / HTTP/1.1',
    'CONNECT a:1 HTTP/1.1',
    `${HOST}Content-Length: 1\r\n\r\n`,
  ],
])(
  'fields that were in order are refused as %s after another first line',
  (code, good, bad, fields) => {
    const body = fields.includes('chunked') ? '0\r\n\r\n' : fields.includes('Length') ? 'x' : '';
    const reader = new RequestReader(recordRequests());
    for (let times = 0; times < 4; times++) {
      expect(reader.feed(latin1(`${good}\r\n${fields}${body}`))).toBe(undefined);
    }
    expect(reader.feed(latin1(`${bad}\r\n${fields}`))?.code).toBe(code);
  },
);

test('the limit of a head holds for fields that come again', () => {
  const fields = `${HOST}X-Long: ${'x'.repeat(60)}\r\n`;
  const start = 'GET / HTTP/1.1\r\n';
  const maxHeadBytes = start.length + fields.length + 5;
  for (const { spare, code } of [
    { spare: 5, code: undefined },
    { spare: 6, code: 'head-too-long' },
  ]) {
    const reader = new RequestReader(recordRequests(), { maxHeadBytes });
    for (let times = 0; times < 4; times++) reader.feed(latin1(`${start}${fields}\r\n`));
    const longer = `GET /${'y'.repeat(spare)} HTTP/1.1\r\n`;
    expect(reader.feed(latin1(`${longer}${fields}\r\n`))?.code).toBe(code);
  }
});

test('whoever changes the fields of one request does not change those of the next', () => {
  const sink = recordRequests();
  const reader = new RequestReader(sink);
  for (let times = 0; times < 5; times++) {
    reader.feed(latin1(`GET / HTTP/1.1\r\n${HOST}X-A: 1\r\n\r\n`));
    const fields = sink.heads.at(-1)?.fields as string[];
    expect(fields).toEqual(['host', 'a.test', 'x-a', '1']);
    expect(sink.heads.at(-1)?.rawFields).toEqual(['Host', 'a.test', 'X-A', '1']);
    fields.splice(0, 4, 'host', 'evil.test');
  }
});

test('mutants of a message that came before read as they do alone', () => {
  const seeds = [
    `GET / HTTP/1.1\r\n${HOST}Accept: */*\r\nX-A:  1 \r\n\r\n`,
    `POST /p HTTP/1.1\r\n${HOST}Content-Length: 3\r\nConnection: keep-alive\r\n\r\nabc`,
    `PUT /c HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
    'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  ];
  const random = new SeededRandom(20);
  for (let count = 0; count < 8_000; count++) {
    const seed = seeds[count % seeds.length] as string;
    const mutant = mutate({ seeds: [seed], generate: () => seed }, random);
    const alone = recordRequests();
    const failure = new RequestReader(alone).feed(mutant);
    const behind = recordRequests();
    const reader = new RequestReader(behind);
    for (let times = 0; times < 3; times++) reader.feed(latin1(seed));
    expect(reader.feed(mutant)).toEqual(failure);
    expect(behind.log.slice(3)).toEqual(alone.log);
  }
});
