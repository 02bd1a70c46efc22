import { createSimReactor, maxConnections, serve, stack, tls } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { HttpResponse, http, httpClient, httpUrl } from '../../src/index.ts';

const app = http(() => HttpResponse.text('here'));
const certificate = createTestAuthority().server('localhost');

test('the URL of a server leads to it', async () => {
  const sim = createSimReactor({ seed: 1 });
  const [host] = sim.hosts('host');
  const server = serve('tcp://127.0.0.1:0', app);
  await server.start(host);
  const url = httpUrl(server, '/a?b=c');
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/a\?b=c$/);
  const client = httpClient(host);
  expect(await (await client.get(url)).text()).toBe('here');
  await client.close();
  await server.stop();
  expect(() => httpUrl(server)).toThrow(
    'Cannot tell the URL of "tcp://127.0.0.1:0 http" as it does not listen',
  );
});

test.each([
  [{ kind: 'tcp', host: '0.0.0.0', port: 8080, family: 4 }, 'http://127.0.0.1:8080/'],
  [{ kind: 'tcp', host: '::', port: 8080, family: 6 }, 'http://[::1]:8080/'],
  [{ kind: 'tcp', host: '2001:db8::1', port: 80, family: 6 }, 'http://[2001:db8::1]/'],
] as const)('of %o it is %s', (address, url) => {
  expect(httpUrl({ address, toString: () => 'x http' })).toBe(url);
});

test('it is https where TLS is one of the layers', async () => {
  const sim = createSimReactor({ seed: 1 });
  const [host] = sim.hosts('host');
  const secured = stack(maxConnections(10), tls(certificate))(app);
  await using port = await host.tcp.listen({ port: 443 }, secured);
  expect(httpUrl(port)).toBe('https://[::1]/');
  expect(httpUrl(port, '/', { scheme: 'http' })).toBe('http://[::1]:443/');
});

test('there is none for a Unix socket', () => {
  const address = { kind: 'unix', path: '/run/app.sock' } as const;
  expect(() => httpUrl({ address, toString: () => 'unix:/run/app.sock http' })).toThrow(
    'Cannot tell the URL of a server that is not on TCP: give clients its endpoint: unix:/run/app.sock http',
  );
});
