import { expect, test } from 'vitest';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';

/** Says hello at once. */
const greet = (): Protocol => ({
  connectionMade: (transport) => void transport.write(Buffer.from('220 hello')),
  dataReceived: () => undefined,
});

/** Whatever a client hears first, to nine bytes. */
function hear(done: (heard: string) => void): Protocol {
  let heard = '';
  return {
    dataReceived(data) {
      heard += String(data);
      if (heard.length === 9) done(heard);
    },
  };
}

test('sim:// is TCP on a simulated host', async () => {
  const sim = createSimReactor({ seed: 5 });
  const [server, client] = sim.hosts('server', 'client');
  await parseServerEndpoint('sim://:25').listen(server, greet);
  const heard = await new Promise((done) => {
    void parseClientEndpoint('sim://server:25').connect(client, () => hear(done));
  });
  expect(heard).toBe('220 hello');
});

/** A SOCKS proxy that knows one way, as a protocol. */
class Proxy implements Protocol {
  readonly #sizes = [3, 4 + 1 + 'server'.length + 2];
  readonly #answers = ['0500', '05000001000000000000'];
  #received = 0;
  #client: Transport | undefined;
  connectionMade(client: Transport): void {
    this.#client = client;
  }
  dataReceived(data: Buffer): void {
    this.#received += data.length;
    const [size = Number.POSITIVE_INFINITY] = this.#sizes;
    if (this.#received < size) return;
    this.#received -= size;
    this.#sizes.shift();
    const answer = Buffer.from(this.#answers.shift() ?? '', 'hex');
    const client = this.#client;
    if (this.#sizes.length > 0) {
      client?.write(answer);
      return;
    }
    void client?.reactor.tcp.connect({ host: 'server', port: 25 }, () => ({
      connectionMade: () => void client.write(answer),
      dataReceived: (chunk) => void client.write(chunk),
    }));
  }
}

test.each([1, 2, 3, 4, 5])(
  'seed %i: a tunnel over a slow link that cuts at random',
  async (seed) => {
    const sim = createSimReactor({ seed });
    const [server, proxy, client] = sim.hosts('server', 'proxy', 'client');
    sim.link(client, proxy, { latencyMs: [20, 80], cut: 'random' });
    await parseServerEndpoint('sim://:25').listen(server, greet);
    await parseServerEndpoint('sim://:1080').listen(proxy, () => new Proxy());
    const heard = await new Promise((done) => {
      void parseClientEndpoint('socks5+sim://proxy/server:25').connect(client, () => hear(done));
    });
    expect(heard).toBe('220 hello');
    expect(sim.clock.now()).toBeGreaterThan(6 * 20);
  },
);
