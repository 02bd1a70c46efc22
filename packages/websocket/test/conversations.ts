import { http } from '@hawser/http';
import { afterEach, describe, expect, test } from 'vitest';
import { Group, type SessionStarter, type WebSocketOptions, webSocket } from '../src/index.ts';
import type { World } from './world.ts';
import { connectWs } from './ws-client.ts';

const page = (): Response => new Response('page');

/** What every carrier of WebSockets must get right. */
export function webSocketConversations(name: string, makeWorld: () => World): void {
  describe(name, () => {
    let world: World = makeWorld();
    afterEach(async () => {
      await world.stop();
      world = makeWorld();
    });
    const serving = (start: SessionStarter, options?: WebSocketOptions) =>
      http(page, { websocket: { '/live': webSocket(start, options) } });
    const problems = (): string[] =>
      world.reports.problems.map(({ where, error }) => `${where}: ${String(error)}`);

    test('text and bytes come back as what they were', async () => {
      const client = await connectWs(
        world,
        serving((session) => ({ messageReceived: (message) => void session.send(message) })),
      );
      const kinds: boolean[] = [];
      client.ws.on('message', (_data, isBinary) => kinds.push(isBinary));
      client.ws.send('grüß dich');
      client.ws.send(Buffer.from('bytes'));
      expect(await client.next()).toBe('grüß dich');
      expect(await client.next()).toBe('bytes');
      expect(kinds).toEqual([false, true]);
    });

    test('JSON is parsed and sent; text that is none ends the session with 1007', async () => {
      const client = await connectWs(
        world,
        serving((session) => ({
          jsonReceived: (value) => void session.sendJson({ got: value }),
        })),
      );
      client.ws.send('[1,2]');
      expect(JSON.parse(await client.next())).toEqual({ got: [1, 2] });
      client.ws.send('{');
      expect(await client.closed).toBe(1007);
      expect(problems()).toEqual([]);
    });

    test('a promise holds the next message back', async () => {
      const order: string[] = [];
      const client = await connectWs(
        world,
        serving((session) => ({
          async messageReceived(message) {
            order.push(`begin ${String(message)}`);
            await new Promise<void>((done) => session.reactor.clock.callSoon(done));
            order.push(`end ${String(message)}`);
            session.send('.');
          },
        })),
      );
      for (const each of ['a', 'b', 'c']) client.ws.send(each);
      for (let count = 0; count < 3; count++) await client.next();
      expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
    });

    test('a group sends to all its members, until they leave', async () => {
      const group = new Group();
      const factory = http(page, { websocket: { '/live': group.join } });
      const [one, two] = [await connectWs(world, factory), await connectWs(world, factory)];
      expect(group.broadcast({ n: 1 })).toEqual({ sent: 2, dropped: 0 });
      expect(await one.next()).toBe('{"n":1}');
      expect(await two.next()).toBe('{"n":1}');
      one.ws.close(4001);
      expect(await one.closed).toBe(4001);
      while (group.size > 1) {
        await new Promise<void>((done) => world.reactor.clock.callSoon(done));
      }
      for (const length of [0, 125, 126, 65_535, 65_536, 300_000]) {
        expect(group.broadcast('x'.repeat(length))).toEqual({ sent: 1, dropped: 0 });
        expect(await two.next()).toHaveLength(length);
      }
    });

    test('a member that does not read is dropped, the others are not', async () => {
      const group = new Group({ maxBufferedBytes: 100_000 });
      const factory = http(page, { websocket: { '/live': group.join } });
      const [slow, quick] = [await connectWs(world, factory), await connectWs(world, factory)];
      slow.ws.pause();
      let dropped = 0;
      const text = 'x'.repeat(50_000);
      for (let count = 0; count < 2_000 && dropped === 0; count++) {
        ({ dropped } = group.broadcast(text));
        expect(await quick.next()).toHaveLength(50_000);
      }
      expect(dropped).toBe(1);
      slow.ws.resume();
      expect(await slow.closed).toBe(1013);
      expect(quick.ws.readyState).toBe(quick.ws.OPEN);
    });

    test('both sides can close, and the session hears of it once', async () => {
      const codes: number[] = [];
      const factory = serving((session) => ({
        messageReceived: () => session.close(4002, 'enough'),
        closed: (code) => void codes.push(code),
      }));
      const first = await connectWs(world, factory);
      first.ws.send('x');
      expect(await first.closed).toBe(4002);
      const second = await connectWs(world, factory);
      second.ws.close(4003);
      expect(await second.closed).toBe(4003);
      while (codes.length < 2) {
        await new Promise<void>((done) => world.reactor.clock.callSoon(done));
      }
      expect(codes).toEqual([4002, 4003]);
    });

    test('a handler that throws or rejects ends its own session with 1011 and is reported', async () => {
      const factory = serving(() => ({
        messageReceived(message) {
          if (String(message) === 'throw') throw new Error('thrown');
          return Promise.reject(new Error('rejected'));
        },
      }));
      for (const how of ['throw', 'reject']) {
        const client = await connectWs(world, factory);
        client.ws.send(how);
        expect(await client.closed).toBe(1011);
      }
      expect(problems()).toEqual([
        'websocket.session: Error: thrown',
        'websocket.session: Error: rejected',
      ]);
    });

    test('a message over the limit ends the session with 1009', async () => {
      const client = await connectWs(
        world,
        serving(() => undefined, { maxPayload: 100 }),
      );
      client.ws.send('x'.repeat(101));
      expect(await client.closed).toBe(1009);
    });

    test('pages of other hosts and unknown paths are refused', async () => {
      const factory = serving(() => undefined);
      await expect(connectWs(world, factory, { origin: 'http://evil.example' })).rejects.toThrow(
        '403',
      );
      await expect(connectWs(world, factory, { origin: 'null' })).rejects.toThrow('403');
      await expect(connectWs(world, factory, { path: '/other' })).rejects.toThrow('404');
      const same = await connectWs(world, factory, {
        origin: 'http://example.net',
        path: '/live?x=1',
      });
      expect(same.ws.readyState).toBe(same.ws.OPEN);
    });

    test('a subprotocol is agreed on, best of the server first', async () => {
      const factory = serving((session) => void session.send(session.protocol), {
        protocols: ['v2', 'v1'],
      });
      const client = await connectWs(world, factory, { protocols: ['v1', 'v2'] });
      expect(client.ws.protocol).toBe('v2');
      expect(await client.next()).toBe('v2');
    });

    test('compressed sessions hear broadcasts too', async () => {
      const group = new Group({ deflate: true });
      const client = await connectWs(world, http(page, { websocket: { '/live': group.join } }));
      expect(client.ws.extensions).toContain('permessage-deflate');
      group.broadcast('x'.repeat(5_000));
      expect(await client.next()).toHaveLength(5_000);
    });

    test('a peer that gives no sign of life is cut off; one that answers pings is not', async () => {
      const codes: number[] = [];
      const options = { pingIntervalMs: 40, pongTimeoutMs: 40 };
      const factory = serving(() => ({ closed: (code) => void codes.push(code) }), options);
      const alive = await connectWs(world, factory);
      const dead = await connectWs(world, factory);
      dead.ws.pause();
      let pings = 0;
      const pinged = new Promise<void>((done) => {
        alive.ws.on('ping', () => {
          pings += 1;
          if (pings === 4) done();
        });
      });
      await world.elapse(400);
      await pinged;
      expect(codes).toEqual([1006]);
      expect(alive.ws.readyState).toBe(alive.ws.OPEN);
    });

    test('a drain says 1001 to each session', async () => {
      const factory = serving(() => undefined);
      const clients = [await connectWs(world, factory), await connectWs(world, factory)];
      world.drain();
      expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1001, 1001]);
    });

    test('a peer that does not answer the close is cut off', async () => {
      let over: (code: number) => void = () => undefined;
      const code = new Promise<number>((done) => {
        over = done;
      });
      const factory = serving(
        (session) => ({ messageReceived: () => session.close(), closed: over }),
        { closeTimeoutMs: 50 },
      );
      const client = await connectWs(world, factory);
      client.ws.pause();
      client.ws.send('close');
      await world.elapse(50);
      expect(await code).toBe(1006);
    });
  });
}
