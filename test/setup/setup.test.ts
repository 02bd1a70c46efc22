import { createSocket } from 'node:dgram';
import { createConnection, createServer } from 'node:net';
import { test } from 'vitest';

// What the setup files must catch, so each of these tests must fail.

test.fails('listening on a TCP port', () => {
  createServer().listen(0);
});

test.fails('connecting, even where the error is caught', () => {
  try {
    createConnection({ port: 1 });
  } catch {}
});

test.fails('binding a UDP port, even where the error is caught', () => {
  const socket = createSocket('udp4');
  try {
    socket.bind(0);
  } catch {}
});

test.fails('writing to the console', () => {
  console.info('I am loud');
});
