/**
 * Some of what `http-server-main.ts` serves, by nothing but node:http2, with TLS and without: what its HTTP/2 is
 * compared with.
 */
import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createTestAuthority } from '@hawser/core/testing';

const MAX_BYTES = 1_048_576;
const PIECE = Buffer.alloc(65_536, '0123456789abcde\n');

function answer(request: Http2ServerRequest, response: Http2ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/echo') {
    response.setHeader('content-type', 'application/octet-stream');
    response.setHeader('x-method', request.method);
    request.on('data', (piece: Buffer) => response.write(piece));
    request.on('end', () => {
      response.addTrailers(request.trailers);
      response.end();
    });
  } else if (pathname === '/whole' || pathname === '/count') {
    const whole = pathname === '/whole';
    if (whole && Number(request.headers['content-length']) > MAX_BYTES) {
      response.writeHead(413).end('Payload Too Large');
      return;
    }
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    request.on('end', () => response.end(whole ? `${bytes}\n` : JSON.stringify({ bytes })));
  } else if (pathname === '/flood') {
    let left = Number(searchParams.get('bytes'));
    const more = (): void => {
      while (left > 0) {
        const piece = PIECE.subarray(0, left);
        left -= piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  } else {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end('hello\n');
  }
}

const servers = {
  h2c: createServer(answer),
  h2: createSecureServer(createTestAuthority().server(['localhost', '127.0.0.1']), answer),
};
for (const [name, server] of Object.entries(servers)) {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`127.0.0.1:${port} ${name}\n`);
  });
}
