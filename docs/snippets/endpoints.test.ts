import {
  clientSchemes,
  connect,
  createSimReactor,
  idleTimeout,
  layerPrefix,
  maxConnections,
  parseClientEndpoint,
  parseServerEndpoint,
  parseUdpEndpoint,
  serve,
  serverSchemes,
  streaming,
  TcpServerEndpoint,
  withLayers,
} from '@hawser/core';
import { expect, test } from 'vitest';

// The programs of docs/endpoints.md.

const echo = streaming(async (conn) => {
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
});

test('a string is a value, and the other way round', () => {
  const endpoint = parseServerEndpoint('tcp://127.0.0.1:8080?backlog=100');
  expect(String(endpoint)).toBe('tcp://127.0.0.1:8080?backlog=100');

  const same = new TcpServerEndpoint({ host: '127.0.0.1', port: 8080, backlog: 100 });
  expect(String(same)).toBe(String(endpoint));
});

test('a mistake is pointed at', () => {
  expect(() => parseServerEndpoint('tcp://:80?baklog=5')).toThrow(
    'Cannot parse endpoint "tcp://:80?baklog=5": option "baklog" is unknown: did you mean "backlog"?',
  );
  expect(() => parseServerEndpoint('localhost:80')).toThrow('write tcp://localhost:80');
});

test('the same string works on a simulated host', async () => {
  const sim = createSimReactor();
  const [server, client] = sim.hosts('server', 'client');
  await sim.settled.until(async () => {
    await serve('tcp://:7000', echo).start(server);
    const conn = await connect(client, 'tcp://server:7000');
    await conn.write('hello\n');
    expect(await conn.readLine({ max: 64 })).toBe('hello');
    await conn.close();
  });
});

test('an endpoint may bring layers', () => {
  const endpoint = withLayers(
    parseServerEndpoint('tcp://:25'),
    maxConnections(100),
    idleTimeout(60_000),
  );
  expect(String(endpoint)).toBe('tcp://:25 max(100) > idle(60000)');
});

test('prefixes stand around the rest, and know their own options', () => {
  const text = 'proxy+tls+tcp://:443?tls.cert=c.pem&tls.key=k.pem&proxy.trust=10.0.0.0/8';
  expect(String(parseServerEndpoint(text))).toContain('proxy+tls+tcp://:443');
  const short = 'proxy+tls://:443?cert=c.pem&key=k.pem&trust=10.0.0.0/8';
  expect(String(parseServerEndpoint(short))).toBe(String(parseServerEndpoint(text)));
});

test('a tunnel leads on to another host', () => {
  const text = 'socks5+tls+tcp://me:secret@proxy:1080/example.net:993';
  expect(String(parseClientEndpoint(text))).toBe(text);
  expect(() => parseClientEndpoint(`${text}?size=1`)).toThrow('//me:***@proxy:1080/example.net');
});

test('a prefix of your own is a layer with options', () => {
  const schemes = {
    ...serverSchemes,
    quota: {
      prefix: layerPrefix<{ clients?: number }>({
        name: 'quota',
        options: {
          clients: { rule: 'a number', parse: (text) => Number(text) || undefined, format: String },
        },
        layer: ({ clients = 10 }) => maxConnections(clients),
      }),
    },
  };
  const endpoint = parseServerEndpoint('quota+tcp://:25?clients=5', schemes);
  expect(String(endpoint)).toBe('quota+tcp://:25?quota.clients=5');
});

test('datagrams have endpoints of their own', () => {
  expect(String(parseUdpEndpoint('udp://:53'))).toBe('udp://:53');
  expect(Object.keys({ ...serverSchemes, ...clientSchemes })).not.toContain('udp');
});
