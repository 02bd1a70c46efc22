import { connect } from 'node:net';
import { createNodeReactor } from '@hawser/core';
import { expect, test } from 'vitest';
import { nodeHttp } from '../../src/index.ts';

const host = '127.0.0.1';

test("node's own engine does not wait for ever for a head", async () => {
  const factory = nodeHttp((_, response) => void response.end('a'), { headTimeoutMs: 100 });
  await using port = await createNodeReactor().tcp.listen({ host, port: 0 }, factory);
  const at = 'port' in port.address ? port.address.port : 0;
  const text = await new Promise<string>((done) => {
    const socket = connect(at, host);
    let got = '';
    socket.on('data', (chunk) => {
      got += String(chunk);
    });
    socket.on('close', () => done(got));
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
  });
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
});
