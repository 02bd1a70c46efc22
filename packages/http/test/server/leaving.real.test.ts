// The same over sockets of the system, which tell of a peer that leaves only whoever reads.
import { afterEach, expect, test } from 'vitest';
import { HttpResponse, http } from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';
import { tcpWorld, tlsWorld, type World } from '../world.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

let world: World;
afterEach(() => world.stop());

test.each([
  ['TCP', 'resets', tcpWorld, (client: RawClient) => client.transport.abort()],
  ['TCP', 'closes', tcpWorld, (client: RawClient) => client.transport.close()],
  ['TLS', 'resets', tlsWorld, (client: RawClient) => client.transport.abort()],
  ['TLS', 'closes', tlsWorld, (client: RawClient) => client.transport.close()],
] as const)(
  'over %s, a peer that pipelines and then %s is noticed while a handler takes its time',
  async (...[, , makeWorld, leave]) => {
    world = makeWorld();
    let began: () => void = () => undefined;
    const asked = new Promise<void>((done) => {
      began = done;
    });
    let answer: (response: Response) => void = () => undefined;
    const noticed = new Promise<unknown>((done) => {
      const factory = http(({ signal }) => {
        signal.addEventListener('abort', () => done(signal.reason));
        began();
        return new Promise((made) => {
          answer = made;
        });
      });
      void world.connect(factory, new RawClient()).then(async (client) => {
        client.send(GET + GET);
        await asked;
        client.send(GET);
        // A turn of the network later, so that it is a read of its own.
        await new Promise((later) => setTimeout(later, 20));
        leave(client);
      });
    });
    expect(await noticed).toMatchObject({ code: 'HAWSER_CLOSED' });
    answer(new HttpResponse('late'));
  },
);
