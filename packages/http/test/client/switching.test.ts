import { BaseProtocol } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { takeOver, UpgradeRefusedError } from '../../src/index.ts';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';

class Ear extends BaseProtocol {
  heard = '';
  ended = false;
  override connected(): void {
    this.transport.write(Buffer.from('hello'));
  }
  dataReceived(data: Buffer): void {
    this.heard += data.toString();
  }
  override readEnded(): void {
    this.ended = true;
    this.transport.end();
  }
}

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const echo = { name: 'echo', buildProtocol: () => new Echo() };

function asking(...replies: StubReply[]): TestClient {
  const stub = new StubServer();
  stub.expect('*').reply(...replies);
  return testClient(stub);
}

describe('an upgrade', () => {
  test('gives the connection to another protocol', async () => {
    await using client = testClient(() =>
      takeOver(echo, { protocol: 'echo', headers: { 'x-a': '1' } }),
    );
    const upgraded = await client.upgrade('/', 'echo');
    expect([upgraded.status, upgraded.headers.get('x-a')]).toEqual([101, '1']);
    expect(client.status.connections).toBe(0);
    const ear = new Ear();
    upgraded.handTo(ear);
    await client.reactor.clock.settle();
    expect(ear.heard).toBe('hello');
    expect(() => upgraded.handTo(new Ear())).toThrow('Cannot take a connection');
  });

  test('keeps what the server has said at once', async () => {
    const raw = 'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nearly ';
    await using client = asking({ raw: [raw, 'late'], pieceDelayMs: 10, end: 'close' });
    const upgraded = await client.upgrade('/', 'x');
    await client.elapse(1_000);
    const ear = new Ear();
    upgraded.handTo(ear);
    await client.reactor.clock.settle();
    expect([ear.heard, ear.ended]).toEqual(['early late', true]);
  });

  test('that the server refuses gives its response', async () => {
    await using client = asking({ status: 403, body: 'no' }, { body: 'next' });
    const error = await client.upgrade('/', 'x').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UpgradeRefusedError);
    const { response } = error as UpgradeRefusedError;
    expect([response.status, await response.text()]).toEqual([403, 'no']);
    expect(await (await client.get('/')).text()).toBe('next');
  });

  test.each([
    'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n',
    'HTTP/1.1 101 Go\r\n\r\n',
  ])('to something else is refused', async (raw) => {
    await using client = asking({ raw });
    await expect(client.upgrade('/', 'x')).rejects.toMatchObject({ reason: 'unexpected-switch' });
    await client.reactor.clock.settle();
    expect(client.connections.size).toBe(0);
  });

  test('that nobody takes ends after a while', async () => {
    await using client = testClient(() => takeOver(echo, { protocol: 'echo' }));
    await client.upgrade('/', 'echo');
    await client.elapse(29_999);
    expect(client.connections.size).toBe(1);
    await client.elapse(1);
    expect(client.connections.size).toBe(0);
    expect(client.reactor.clock.timers).toBe(0);
  });
});

describe('a tunnel', () => {
  test('leads through a proxy', async () => {
    let target = '';
    await using client = testClient((request) => {
      target = request.url;
      return takeOver(echo);
    });
    const tunnel = await client.connectTunnel('http://proxy/', 'example.net:443', {
      auth: ['a', 'b'],
    });
    expect([tunnel.status, target]).toEqual([200, expect.stringContaining('example.net')]);
    const ear = new Ear();
    tunnel.handTo(ear);
    await client.reactor.clock.settle();
    expect(ear.heard).toBe('hello');
  });

  test('that the proxy refuses gives its response', async () => {
    await using client = asking({ status: 407 });
    await expect(client.connectTunnel('http://proxy/', 'example.net:443')).rejects.toMatchObject({
      code: 'HAWSER_HTTP_UPGRADE_REFUSED',
      response: { status: 407 },
    });
  });
});
