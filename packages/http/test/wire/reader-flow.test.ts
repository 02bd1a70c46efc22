import { chunkings, SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { MessageReader } from '../../src/contract/codec.ts';
import { RequestReader } from '../../src/wire/request-reader.ts';
import { feedAll, latin1, recordRequests } from './recording.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n';
const PIPELINE = [GET, POST, CHUNKED, GET, CHUNKED, POST, GET].join('');
const WHOLE = (() => {
  const requests = recordRequests();
  new RequestReader(requests).feed(latin1(PIPELINE));
  return requests.log;
})();

test('reads pipelined requests in order', () => {
  expect(WHOLE).toHaveLength(7);
  expect(WHOLE[2]).toBe('PUT /c @a 1.1 {host: a, transfer-encoding: chunked} <abcde> [t: 1]');
  for (const chunks of chunkings(latin1(PIPELINE))) {
    const requests = recordRequests();
    expect(feedAll(new RequestReader(requests), chunks)).toBe(undefined);
    expect(requests.log).toEqual(WHOLE);
  }
});

describe('a pause', () => {
  /** Pauses in each call, and counts the calls. */
  function pausing(): {
    requests: ReturnType<typeof recordRequests>;
    reader: RequestReader;
    calls: () => number;
  } {
    let calls = 0;
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    requests.before = () => {
      calls += 1;
      reader.pause();
    };
    return { requests, reader, calls: () => calls };
  }

  test('lets nothing through before a resume, wherever it comes', () => {
    for (const chunks of chunkings(latin1(PIPELINE))) {
      const { requests, reader, calls } = pausing();
      let known = 0;
      for (const chunk of chunks) {
        expect(reader.feed(chunk)).toBe(undefined);
        expect(calls() - known).toBeLessThanOrEqual(1);
        known = calls();
      }
      for (;;) {
        expect(reader.resume()).toBe(undefined);
        if (calls() === known) break;
        expect(calls()).toBe(known + 1);
        known = calls();
      }
      expect(requests.log).toEqual(WHOLE);
      expect(reader.keptBytes).toBe(0);
    }
  });

  test('that is lifted in the same call is none', () => {
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    requests.before = () => {
      reader.pause();
      expect(reader.resume()).toBe(undefined);
    };
    expect(reader.feed(latin1(PIPELINE))).toBe(undefined);
    expect(requests.log).toEqual(WHOLE);
  });

  test('before the first octet keeps all of them', () => {
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    reader.pause();
    for (const octet of latin1(PIPELINE)) reader.feed(Buffer.from([octet]));
    expect(requests.log).toEqual([]);
    expect(reader.keptBytes).toBe(PIPELINE.length);
    expect(reader.resume()).toBe(undefined);
    expect(requests.log).toEqual(WHOLE);
  });

  test('keeps a refusal for later', () => {
    const { requests, reader } = pausing();
    expect(reader.feed(latin1(`${GET}garbage / `))).toBe(undefined);
    expect(reader.resume()).toBe(undefined);
    expect(requests.log).toHaveLength(1);
    expect(reader.resume()?.code).toBe('unknown-method');
    expect(reader.state).toBe('stopped');
  });

  test('keeps the end of the input for later', () => {
    const { requests, reader } = pausing();
    reader.feed(latin1(`${GET}GET`));
    expect(reader.finish()).toBe(undefined);
    reader.resume();
    expect(requests.log).toHaveLength(1);
    expect(reader.resume()?.code).toBe('incomplete-head');
  });
});

test('what cannot become a request is refused at the first octet that shows it', () => {
  const lengths = ['\x16\x03\x01', 'SSH-2.0-x', 'EHLO x', 'PROXY TCP4', 'GE T', 'get /', '\0'].map(
    (sent) => {
      const reader = new RequestReader(recordRequests());
      let fed = 0;
      for (const octet of sent) {
        fed += 1;
        if (reader.feed(latin1(octet)) !== undefined) return `${JSON.stringify(sent)} ${fed}`;
      }
      return sent;
    },
  );
  expect(lengths).toEqual([
    '"\\u0016\\u0003\\u0001" 1',
    '"SSH-2.0-x" 2',
    '"EHLO x" 1',
    '"PROXY TCP4" 4',
    '"GE T" 3',
    '"get /" 1',
    '"\\u0000" 1',
  ]);
});

test('a head that comes octet by octet costs no more than its octets', { timeout: 60_000 }, () => {
  const reader = new RequestReader(recordRequests(), {
    maxHeadBytes: 2 ** 20,
    maxTargetBytes: 2 ** 19,
  });
  const target = '/'.repeat(2 ** 19);
  const sent = latin1(`GET ${target} HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(2 ** 18)}\r\n\r\n`);
  // Half a million times half a million octets would take minutes.
  let refusals = 0;
  for (const octet of sent) if (reader.feed(Buffer.of(octet)) !== undefined) refusals += 1;
  expect(refusals).toBe(0);
  expect(reader.state).toBe('idle');
});

test('what is fed in a call of the sink comes after what is there', () => {
  const requests = recordRequests();
  const reader = new RequestReader(requests);
  let fed = false;
  requests.before = () => {
    if (fed) return;
    fed = true;
    expect(reader.feed(latin1(GET))).toBe(undefined);
  };
  reader.feed(latin1(POST));
  expect(requests.log.map((line) => line.slice(0, 6))).toEqual(['POST /', 'GET / ']);
});

describe('state', () => {
  test('follows the octets', () => {
    const states: string[] = [];
    const reader = new RequestReader(recordRequests());
    for (const octet of `\r\n${POST}G`) {
      reader.feed(latin1(octet));
      if (states.at(-1) !== reader.state) states.push(reader.state);
    }
    expect(states).toEqual(['idle', 'head', 'body', 'idle', 'head']);
  });

  test('is body until the end was delivered', () => {
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    requests.before = () => reader.pause();
    reader.feed(latin1(GET));
    expect(reader.state).toBe('body');
    reader.resume();
    expect(reader.state).toBe('idle');
  });
});

describe('the end of the input', () => {
  const finishing = (sent: string): string | undefined => {
    const reader = new RequestReader(recordRequests());
    expect(feedAll(reader, [latin1(sent)])).toBe(undefined);
    const failure = reader.finish();
    expect(reader.state).toBe('stopped');
    return failure?.code;
  };

  test('is in order between two requests', () => {
    expect(finishing('')).toBe(undefined);
    expect(finishing(GET)).toBe(undefined);
    expect(finishing(`${CHUNKED}\r\n`)).toBe(undefined);
  });

  test('is refused at each octet within one', () => {
    const headEnd = (text: string): number => text.indexOf('\r\n\r\n') + 4;
    for (const text of [GET, POST, CHUNKED]) {
      for (let cut = 1; cut < text.length; cut++) {
        const code = cut < headEnd(text) ? 'incomplete-head' : 'incomplete-body';
        expect(finishing(text.slice(0, cut))).toBe(code);
      }
    }
  });
});

describe('takeRest', () => {
  const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
  const CONNECT = 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n';
  const CLOSING = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: x\r\n\r\n';
  const REST = 'GET \n\0 rest';

  test.each([
    ['after CONNECT', CONNECT],
    ['after an upgrade of a request that closes', CLOSING],
  ])('has what follows %s, though nobody pauses', (_, head) => {
    for (const chunks of chunkings(latin1(head + REST))) {
      const reader = new RequestReader(recordRequests());
      expect(feedAll(reader, chunks)).toBe(undefined);
      expect(reader.state).toBe('stopped');
      expect(reader.takeRest().toString('latin1')).toBe(REST);
    }
  });

  test.each(['head', 'end'] as const)('in the call of %s has what follows', (when) => {
    for (const chunks of chunkings(latin1(UPGRADE + REST))) {
      const rest: Buffer[] = [];
      const requests = recordRequests();
      let taken = false;
      let refused = false;
      const reader: MessageReader = new RequestReader({
        head: (head) => {
          requests.head(head);
          if (when === 'head') take();
        },
        data: (chunk) => requests.data(chunk),
        end: () => take(),
      });
      const take = (): void => {
        taken = true;
        rest.push(reader.takeRest());
      };
      for (const chunk of chunks) {
        if (taken) rest.push(chunk);
        else refused ||= reader.feed(chunk) !== undefined;
      }
      expect(refused).toBe(false);
      expect(Buffer.concat(rest).toString('latin1')).toBe(REST);
      expect(requests.log).toHaveLength(1);
      expect(reader.state).toBe('stopped');
    }
  });

  test('has what a pause kept, and the head that was begun', () => {
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    reader.feed(latin1('GET / HT'));
    reader.pause();
    reader.feed(latin1('TP/1.1\r'));
    reader.feed(latin1('\n'));
    expect(reader.takeRest().toString()).toBe('GET / HTTP/1.1\r\n');
    expect(reader.feed(latin1('Host: a\r\n\r\n'))).toBe(undefined);
    expect(reader.resume()).toBe(undefined);
    expect(reader.finish()).toBe(undefined);
    expect(requests.log).toEqual([]);
  });
});

describe('memory', () => {
  test('a body in one piece with others is not copied', () => {
    const body = Buffer.alloc(20_000, 'x');
    const head = latin1('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n');
    const chunk = Buffer.concat([head, body]);
    const pieces: Buffer[] = [];
    new RequestReader({ head: () => {}, data: (piece) => pieces.push(piece), end: () => {} }).feed(
      chunk,
    );
    expect(pieces).toHaveLength(1);
    expect(pieces[0]?.buffer).toBe(chunk.buffer);
    expect(pieces[0]).toEqual(body);
  });

  test('a few octets do not keep many in memory', () => {
    const many = `${POST}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`;
    const chunk = Buffer.alloc(many.length, many, 'latin1');
    const pieces: Buffer[] = [];
    new RequestReader({ head: () => {}, data: (piece) => pieces.push(piece), end: () => {} }).feed(
      chunk,
    );
    expect(pieces.map(({ length }) => length)).toEqual([5, 60_000]);
    expect(pieces[0]?.buffer).not.toBe(chunk.buffer);
  });
});

describe('rawFields', () => {
  test('have the names as they were sent, at every cut and in every place of a pipeline', () => {
    const first = 'GET / HTTP/1.1\r\nHoSt:a\r\nx-Y:  b: c \r\nX-y:\r\n\r\n';
    const second = 'GET / HTTP/1.1\r\nHOST: b\r\n\r\n';
    for (const chunks of chunkings(latin1(first + second + second))) {
      const requests = recordRequests();
      feedAll(new RequestReader(requests), chunks);
      expect(requests.heads.map(({ rawFields }) => rawFields)).toEqual([
        ['HoSt', 'a', 'x-Y', 'b: c', 'X-y', ''],
        ['HOST', 'b'],
        ['HOST', 'b'],
      ]);
    }
  });

  test('have nothing for no fields', () => {
    const requests = recordRequests();
    new RequestReader(requests).feed(latin1('GET / HTTP/1.0\r\n\r\n'));
    expect(requests.heads[0]?.rawFields).toEqual([]);
  });
});

test('random octets, and requests with random octets in them, never throw, and read the same however they are cut', () => {
  const random = new SeededRandom(11);
  for (let round = 0; round < 3_000; round++) {
    const bytes = latin1(PIPELINE);
    for (let count = random.below(4); count > 0; count--)
      bytes[random.below(bytes.length)] = random.below(256);
    const whole = recordRequests();
    const failure = new RequestReader(whole).feed(bytes);
    for (const chunks of chunkings(bytes, round)) {
      const cut = recordRequests();
      expect(feedAll(new RequestReader(cut), chunks)?.status === undefined).toBe(
        failure === undefined,
      );
      const complete = (log: readonly string[]): string[] =>
        log.filter((line) => !line.endsWith('...'));
      expect(complete(cut.log)).toEqual(complete(whole.log));
    }
  }
});

test('a host is checked however often another one was, and each request has its own', () => {
  const get = (host: string): Buffer => latin1(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (const bad of ['', 'a b', 'a@b', 'a:x']) {
    expect(new RequestReader(recordRequests()).feed(get(bad))?.code).toBe('bad-host');
    const requests = recordRequests();
    const reader = new RequestReader(requests);
    for (const host of ['a.test', 'a.test', 'b.test:80', 'a.test']) reader.feed(get(host));
    reader.feed(latin1('GET / HTTP/1.0\r\n\r\n'));
    expect(requests.heads.map(({ authority }) => authority)).toEqual([
      'a.test',
      'a.test',
      'b.test:80',
      'a.test',
      undefined,
    ]);
    const refusing = new RequestReader(recordRequests());
    refusing.feed(get('a.test'));
    expect(refusing.feed(get(bad))?.code).toBe('bad-host');
  }
});
