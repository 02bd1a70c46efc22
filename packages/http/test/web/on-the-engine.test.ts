// The whole way: bytes of a peer, the engine, a Web handler, bytes to the peer.
import { BaseProtocol } from '@hawser/core';
import { createTestReactor, FakeTransport, type TestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import { parts } from '../../src/forms/parts.ts';
import { http } from '../../src/server/http.ts';
import { eventStream } from '../../src/sse/event-stream.ts';
import { EventStreamReader } from '../../src/sse/event-stream-reader.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { takeOver } from '../../src/web/take-over.ts';
import { field, file, MULTIPART, multipart } from '../forms/multipart.ts';

interface Peer {
  readonly transport: FakeTransport;
  readonly reactor: TestReactor;
  /** Sends, lets everything happen, and gives the answer without its date. */
  say(...sent: readonly (string | Uint8Array)[]): Promise<string>;
}

function open(handler: HttpHandler): Peer {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.adopt(http(handler));
  return {
    transport,
    reactor,
    say: async (...sent) => {
      for (const each of sent) transport.receive(each);
      await transport.settle();
      return transport.takeText('latin1').replaceAll(/date: [^\r]*\r\n/gi, '');
    },
  };
}

function request(method: string, body = '', ...fields: readonly string[]): string {
  const length = method === 'GET' ? [] : [`content-length: ${body.length}`];
  return [`${method} / HTTP/1.1`, 'host: a.test', ...length, ...fields, '', body].join('\r\n');
}

describe('a Web handler on the engine', () => {
  test('answers in the turn in which the request came', () => {
    const { transport } = open(() => HttpResponse.text('hello', { headers: { 'x-a': 'b' } }));
    transport.receive(request('GET'));
    expect(transport.takeText()).toMatch(
      /^HTTP\/1\.1 200 OK\r\n(?=[^]*x-a: b\r\n)(?=[^]*content-type: text\/plain; charset=utf-8\r\n)[^]*content-length: 5\r\n[^]*\r\nhello$/i,
    );
  });

  test('may leave a short body unread, and the connection goes on', async () => {
    let count = 0;
    const peer = open(() => HttpResponse.text(String(++count)));
    expect(await peer.say(request('POST', 'unread'), request('GET'))).toMatch(
      /\r\n\r\n1HTTP[^]*\r\n\r\n2$/,
    );
  });

  test('asks for the body that its answer is made of before the answer begins', async () => {
    const peer = open(({ body }) => new HttpResponse(body));
    const expecting = [
      'POST / HTTP/1.1',
      'host: a.test',
      'expect: 100-continue',
      'content-length: 6',
      '',
      '',
    ];
    const head = await peer.say(expecting.join('\r\n'));
    expect(head).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(head).not.toMatch(/^connection: close/im);
    expect(await peer.say('strand')).toBe('6\r\nstrand\r\n0\r\n\r\n');
    // An answer without it does not ask for it.
    const ignoring = open(() => HttpResponse.stream(({ write }) => write('no')));
    expect(await ignoring.say(expecting.join('\r\n'))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('sends the body of the request back as it comes', async () => {
    const peer = open(({ body }) => new HttpResponse(body));
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
    expect(await peer.say(head, '3\r\nabc\r\n')).toMatch(/\r\n\r\n3\r\nabc\r\n$/);
    expect(await peer.say('3\r\ndef\r\n')).toBe('3\r\ndef\r\n');
    expect(await peer.say('0\r\n\r\n')).toBe('0\r\n\r\n');
    expect(await peer.say(request('GET'))).toMatch(/^HTTP\/1\.1 200 /);
    expect(peer.reactor.reports.problems).toEqual([]);
  });

  test('whose body ends because the peer has ended its side is not reported, any other failure is', async () => {
    const failing = async (other: boolean): Promise<readonly unknown[]> => {
      const peer = open(({ signal }) => {
        const body = async function* (): AsyncGenerator<string> {
          yield 'begun';
          await new Promise((ended) => signal.addEventListener('abort', ended));
          throw other ? new Error('bug') : new Error('stopped', { cause: signal.reason });
        };
        return new HttpResponse(body());
      });
      expect(await peer.say(request('GET'))).toMatch(/begun/);
      peer.transport.receiveEnd();
      await peer.transport.settle();
      return peer.reactor.reports.problems;
    };
    expect(await failing(false)).toEqual([]);
    expect(await failing(true)).toMatchObject([{ error: { message: 'bug' } }]);
  });

  test('refuses a longer body than it takes, announced or not', async () => {
    const handler: HttpHandler = async (asked) => new HttpResponse(await asked.text());
    const announced = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1048577\r\n\r\n';
    expect(await open(handler).say(announced)).toMatch(/^HTTP\/1\.1 413 /);
    const chunked = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const peer = open(handler);
    expect(await peer.say(chunked, ...Array.from({ length: 17 }, () => chunk))).toMatch(
      /^HTTP\/1\.1 413 /,
    );
    expect(peer.reactor.reports.problems).toEqual([]);
  });

  test('answers 400 to broken chunks, without a report', async () => {
    const peer = open(async (asked) => new HttpResponse(await asked.text()));
    const answer = await peer.say(
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
      'zz\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(peer.reactor.reports.problems).toEqual([]);
  });

  test('reads an upload part by part', async () => {
    const peer = open(async (asked) => {
      const seen: unknown[] = [];
      for await (const part of parts(asked)) {
        if (part.kind === 'field') seen.push([part.name, part.value]);
        else seen.push([part.name, part.filename, (await part.stream.toArray()).join('')]);
      }
      return HttpResponse.json(seen);
    });
    const body = multipart([field('a', '1'), file('f', 'x.txt', 'contents'), field('b', '2')]);
    const head = `POST / HTTP/1.1\r\nhost: a\r\ncontent-type: ${MULTIPART}\r\ncontent-length: ${body.length}\r\n\r\n`;
    const answer = await peer.say(head, body.subarray(0, 100), body.subarray(100));
    expect(answer).toContain('[["a","1"],["f","x.txt","contents"],["b","2"]]');
  });

  test('sends events, a heartbeat on the clock of the reactor, and an end when it drains', async () => {
    const peer = open((asked) =>
      eventStream(asked, async ({ send, signal }) => {
        await send({ id: '1', data: { n: 1 } });
        await new Promise<void>((done) => signal.addEventListener('abort', () => done()));
      }),
    );
    const answer = await peer.say(request('GET'));
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
    expect(head).toMatch(/content-type: text\/event-stream/i);
    const reader = new EventStreamReader();
    expect(reader.feed(Buffer.from(body.split('\r\n')[1] ?? ''))).toEqual([
      { event: 'message', data: '{"n":1}', lastEventId: '1' },
    ]);
    await peer.reactor.clock.elapse(15_000);
    expect(await peer.say()).toBe('3\r\n:\n\n\r\n');
    peer.transport.requestDrain(peer.reactor.clock.now() + 5_000);
    expect(await peer.say()).toBe('0\r\n\r\n');
    await peer.reactor.clock.elapse(2_000);
    expect(peer.transport.closedWith).toMatchObject({ kind: 'done' });
    expect(peer.reactor.reports.problems).toEqual([]);
  });

  test('cuts the connection when the body of an answer fails', async () => {
    const peer = open(
      () =>
        new HttpResponse(
          (async function* () {
            yield 'half';
            throw new Error('broken');
          })(),
        ),
    );
    expect(await peer.say(request('GET'))).not.toContain('0\r\n\r\n');
    expect(peer.transport.wireState).toBe('reset');
    expect(peer.reactor.reports.problems).toHaveLength(1);
  });

  test('sends trailers to a peer that asks for them', async () => {
    const peer = open(() => new HttpResponse('x', { trailers: { 'x-sum': '1' } }));
    expect(await peer.say(request('GET', '', 'te: trailers', 'connection: te'))).toMatch(
      /\r\n\r\n1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n$/i,
    );
  });

  test('gives the connection to another protocol', async () => {
    class Shout extends BaseProtocol {
      override dataReceived(data: Buffer): void {
        this.transport.write(Buffer.from(data.toString().toUpperCase()));
      }
    }
    const shout = { name: 'shout', buildProtocol: () => new Shout() };
    const peer = open(() => takeOver(shout, { protocol: 'shout' }));
    const answer = await peer.say(
      request('GET', '', 'upgrade: shout', 'connection: upgrade'),
      'hello',
    );
    expect(answer).toMatch(
      /^HTTP\/1\.1 101 (?=[^]*upgrade: shout\r\n)(?=[^]*connection: upgrade\r\n)[^]*\r\n\r\nHELLO$/i,
    );
    const refused = await open(() => takeOver(shout, { protocol: 'shout' })).say(request('GET'));
    expect(refused).toMatch(/^HTTP\/1\.1 426 /);
  });

  test('answers HEAD with the length of what GET would give', async () => {
    const peer = open(() => HttpResponse.text('hello'));
    const answer = await peer.say(request('HEAD').replace('content-length: 0\r\n', ''));
    expect(answer).toMatch(/content-length: 5\r\n(?:.+\r\n)*\r\n$/i);
  });
});
