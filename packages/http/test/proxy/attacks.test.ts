// What peers and servers try on a proxy that reads one message and writes another.
import { describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/index.ts';
import { HttpResponse, http } from '../../src/index.ts';
import { proxyWorld, rawServer, stubbing } from './proxy-world.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a peer cannot', () => {
  test('take away by Connection what was added on the way', async () => {
    for (const [value, added] of [
      ['root', 'ann'],
      // Not even when it knows what it will be.
      ['ann', 'ann'],
    ] as const) {
      const stub = stubbing({ body: 'ok' });
      const around = (proxy: HttpHandler): HttpHandler => {
        return (request, context) => {
          request.headers.set('x-user', added);
          return proxy(request, context);
        };
      };
      const world = proxyWorld(stub, { around });
      world.peer.send(
        `GET / HTTP/1.1\r\nHost: a\r\nX-User: ${value}\r\nConnection: x-user, x-forwarded-for, host, via\r\n\r\n`,
      );
      await world.reactor.clock.elapse(10);
      const headers = stub.requests[0]?.headers;
      expect(headers?.get('x-user')).toBe(added);
      expect(headers?.get('x-forwarded-for')).toBe('unknown');
      expect(headers?.get('via')).toBe('1.1 hawser');
      expect(headers?.get('host')).toBe('app');
      await world.over();
    }
  });

  test('keep what is between it and the proxy in a request that others have moved', async () => {
    const stub = stubbing({ body: 'ok' });
    const around = (proxy: HttpHandler): HttpHandler => {
      return (request, context) => {
        void request.headers;
        const moved = 'with' in request && (request.with as (to: object) => Request);
        return proxy(moved ? moved.call(request, { url: 'http://a/moved' }) : request, context);
      };
    };
    const world = proxyWorld(stub, { around });
    world.peer.send('GET / HTTP/1.1\r\nHost: a\r\nX-Mine: 1\r\nConnection: x-mine\r\n\r\n');
    await world.reactor.clock.elapse(10);
    expect(stub.requests.map(String)).toEqual(['GET /moved']);
    expect(stub.requests[0]?.headers.has('x-mine')).toBe(false);
    await world.over();
  });

  test.each([
    ['both framings', 'Content-Length: 4\r\nTransfer-Encoding: chunked'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5'],
    ['a list of lengths', 'Content-Length: 4, 5'],
    ['a signed length', 'Content-Length: +4'],
    ['a coding that hides chunked', 'Transfer-Encoding: xchunked'],
    ['a coding twice', 'Transfer-Encoding: chunked, chunked'],
    ['a coding behind a tab', 'Transfer-Encoding:\tchunked\r\nContent-Length: 4'],
    ['a space before the colon', 'Content-Length : 4'],
    ['a folded line', 'X: a\r\n Content-Length: 4'],
    ['a bare line feed', 'X: a\nContent-Length: 4'],
    ['a bare carriage return', 'X: a\rContent-Length: 4'],
    ['two hosts', 'Host: b'],
    ['NUL', 'X: a\0b'],
  ])('smuggle a request past it by %s', async (_, lines) => {
    const stub = stubbing({ body: 'ok' });
    const world = proxyWorld(stub);
    world.peer.send(
      `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    await world.reactor.clock.elapse(100);
    expect(world.peer.received).toMatch(/^HTTP\/1\.1 (?:400|501) /);
    expect(stub.requests).toEqual([]);
    await world.over();
  });

  test.each([
    '//other/x',
    '/\\other/x',
    '/a/../../x',
    '/%2e%2e/x',
    '/x@other/',
    '/:99/',
    'http://other/x',
  ])('be led to another server by %s', async (target) => {
    const stub = stubbing({ body: 'ok' });
    const world = proxyWorld(stub);
    world.peer.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await world.reactor.clock.elapse(100);
    const asked = stub.requests.map(({ authority }) => authority);
    expect(asked).toEqual(world.peer.received.startsWith('HTTP/1.1 200') ? ['app'] : []);
    await world.over();
  });
});

describe('a server cannot', () => {
  test.each([
    ['both framings', 'content-length: 2\r\ntransfer-encoding: chunked'],
    ['two lengths', 'content-length: 2\r\ncontent-length: 3'],
    ['a folded line', 'x: a\r\n set-cookie: b=1\r\ncontent-length: 2'],
    ['a bare line feed', 'x: a\nset-cookie: b=1\r\ncontent-length: 2'],
    ['a bare carriage return', 'x: a\rset-cookie: b=1\r\ncontent-length: 2'],
    ['NUL', 'x: a\0b\r\ncontent-length: 2'],
    ['a space before the colon', 'set-cookie : b=1\r\ncontent-length: 2'],
    ['a switch that nobody asked for', undefined],
  ])('put something into the answer by %s', async (_, lines) => {
    const head =
      lines === undefined
        ? 'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: evil\r\n\r\n'
        : `HTTP/1.1 200 OK\r\n${lines}\r\n\r\nok`;
    const world = proxyWorld(rawServer(head));
    world.peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await world.reactor.clock.elapse(100);
    expect(world.peer.received).toMatch(/^HTTP\/1\.1 502 /);
    expect(world.peer.received).not.toMatch(/cookie|evil/);
    await world.over();
  });

  test('answer the next request with what follows its answer', async () => {
    const world = proxyWorld(rawServer(OK + OK.replace('ok', 'no')));
    for (let nth = 0; nth < 3; nth++) {
      world.peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await world.reactor.clock.elapse(100);
    }
    expect(world.peer.received.match(/\r\n\r\n(?:ok|no)/g)).toEqual(Array(3).fill('\r\n\r\nok'));
    await world.over();
  });

  test('put fields into the trailers that say how the message is read', async () => {
    const world = proxyWorld(
      rawServer(
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\nconnection: x-sum\r\n' +
          'transfer-encoding: gzip\r\ncontent-length: 9\r\n\r\n',
      ),
    );
    world.peer.send('GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\n\r\n');
    await world.reactor.clock.elapse(100);
    expect((await world.peer.lost).kind).toBe('reset');
    expect(world.peer.received).not.toMatch(/content-length: 9|gzip|\r\n0\r\n/);
    await world.over();
  });

  test('make it hold an endless row of interim responses', async () => {
    const hint = `HTTP/1.1 103 Early\r\nlink: ${'x'.repeat(8_000)}\r\n\r\n`;
    const world = proxyWorld(rawServer(hint.repeat(20_000)), { timeouts: { headMs: 1_000 } });
    world.transport.pauseReading();
    world.peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await world.reactor.clock.elapse(20_000);
    expect(world.behind.servers.size).toBe(0);
    world.transport.abort();
    await world.reactor.clock.elapse(1_000);
    world.client.abort();
  });
});

describe('an answer that comes before the request was sent as a whole', () => {
  test('is relayed when it refuses it, and the rest is not sent', async () => {
    const heard: string[] = [];
    const refusal = 'HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 3\r\n\r\nno!';
    const world = proxyWorld(rawServer(refusal, 'close', (text) => heard.push(text)));
    world.peer.send(
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n',
      'x'.repeat(1_000),
    );
    await world.reactor.clock.elapse(10);
    expect(world.peer.received).toMatch(/^HTTP\/1\.1 413 [^]*no!$/);
    for (let nth = 0; nth < 10 && !world.transport.ending; nth++) {
      world.transport.write(Buffer.alloc(100_000, 'y'));
      await world.reactor.clock.elapse(10);
    }
    expect(heard.join('').length).toBeLessThan(200_000);
    await world.over();
  });

  test('is relayed while the body goes on, when it is one', async () => {
    const world = proxyWorld(http((request) => new HttpResponse(request.body)));
    world.peer.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (const piece of ['one', 'two', 'three']) {
      world.peer.send(`${piece.length}\r\n${piece}\r\n`);
      await world.reactor.clock.elapse(10);
      expect(world.peer.received).toContain(`\r\n${piece}\r\n`);
    }
    world.peer.send('0\r\n\r\n');
    await world.reactor.clock.elapse(10);
    expect(world.peer.received).toMatch(/\r\n0\r\n\r\n$/);
    await world.over();
  });
});

describe('a server that dies in the middle of its answer', () => {
  test.each([
    ['with a length', 'content-length: 9\r\n\r\nhalf', 'close'],
    ['with a length, by a reset', 'content-length: 9\r\n\r\nhalf', 'reset'],
    ['in chunks', 'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'close'],
    ['in the middle of a chunk', 'transfer-encoding: chunked\r\n\r\n9\r\nhalf', 'reset'],
    [
      'without the line after the last chunk',
      'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n',
      'close',
    ],
    ['up to its end, by a reset', '\r\nhalf', 'reset'],
  ] as const)('%s cuts that of the proxy', async (_, rest, end) => {
    const world = proxyWorld(rawServer(`HTTP/1.1 200 OK\r\n${rest}`, end));
    world.peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await world.reactor.clock.elapse(100);
    expect(world.peer.isLost).toBe(true);
    expect((await world.peer.lost).kind).toBe('reset');
    expect(world.peer.received).not.toMatch(/\r\n0\r\n\r\n$/);
    await world.over();
  });

  test('and never began is answered for', async () => {
    for (const end of ['close', 'reset'] as const) {
      const world = proxyWorld(rawServer('HTTP/1.1 200 OK\r\ncontent-', end));
      world.peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await world.reactor.clock.elapse(100);
      expect(world.peer.received).toMatch(/^HTTP\/1\.1 502 /);
      await world.over();
    }
  });

  test('or stops in it for long is not waited for', async () => {
    const world = proxyWorld(rawServer('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'), {
      timeouts: { bodyIdleMs: 3_000 },
    });
    world.peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await world.reactor.clock.elapse(2_999);
    expect(world.peer.isLost).toBe(false);
    await world.reactor.clock.elapse(10);
    expect((await world.peer.lost).kind).toBe('reset');
    await world.over();
  });
});
