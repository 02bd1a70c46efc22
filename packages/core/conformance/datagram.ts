import assert from 'node:assert/strict';
import type { InetAddress } from '../src/contract/address.ts';
import type { DatagramPort, DatagramProtocol } from '../src/contract/udp.ts';
import type { ReactorCase, ReactorHarness } from './reactor-harness.ts';
import { until } from './reactor-listening.ts';

/** Most that fits into one datagram over IPv4. */
const MOST_BYTES = 65_507;

/**
 * What UDP of every reactor must do. Run each case on a harness of its own, on a network that loses nothing.
 *
 * @example
 * for (const each of datagramConformance) test(each.name, () => each.run(makeHarness()));
 */
export const datagramConformance: readonly ReactorCase[] = [
  ...[0, 1, 512, MOST_BYTES].map(
    (bytes): ReactorCase => ({
      name: `a datagram of ${bytes} bytes arrives whole, from the address of its sender`,
      async run(harness) {
        const server = await bind(harness, 'server');
        const client = await bind(harness, 'client');
        const data = Buffer.alloc(bytes, 0x5a);
        assert.equal(client.port.send(data, server.port.address), true);
        await until(harness, () => server.heard.length === 1);
        assert.ok(server.heard[0]?.data.equals(data));
        assert.equal(server.heard[0]?.from.port, client.port.address.port);
        assert.equal(server.heard[0]?.from.kind, 'udp');
        await stop(harness, server.port, client.port);
      },
    }),
  ),
  {
    name: 'an answer reaches whoever asked',
    async run(harness) {
      const server = await bind(harness, 'server', {
        datagramReceived: (data, from) =>
          void server.port.send(Buffer.from(data.toString().toUpperCase()), from),
      });
      const client = await bind(harness, 'client');
      client.port.send(Buffer.from('hello'), server.port.address);
      await until(harness, () => client.heard.length === 1);
      assert.equal(client.heard[0]?.data.toString(), 'HELLO');
      await stop(harness, server.port, client.port);
    },
  },
  {
    name: 'answers to a burst arrive in their order, with what is sent after them behind them',
    async run(harness) {
      const texts = Array.from({ length: 21 }, (_, index) => `${index}`);
      let asked = 0;
      const server = await bind(harness, 'server', {
        datagramReceived(data, from) {
          server.port.send(data, from);
          asked += 1;
          if (asked === texts.length) {
            harness.server.clock.callLater(0, () => server.port.send(Buffer.from('last'), from));
          }
        },
      });
      const client = await bind(harness, 'client');
      for (const text of texts) client.port.send(Buffer.from(text), server.port.address);
      await until(harness, () => client.heard.length === texts.length + 1);
      assert.deepEqual(
        client.heard.map(({ data }) => data.toString()),
        [...texts, 'last'],
      );
      await stop(harness, server.port, client.port);
    },
  },
  {
    name: 'an answer leaves although the port is stopped at once',
    async run(harness) {
      const server = await bind(harness, 'server', {
        datagramReceived(data, from) {
          server.port.send(data, from);
          void server.port.stop();
        },
      });
      const client = await bind(harness, 'client');
      client.port.send(Buffer.from('goodbye'), server.port.address);
      await until(harness, () => client.heard.length === 1);
      await stop(harness, server.port, client.port);
    },
  },
  {
    name: 'a datagram that is too long is dropped without a throw, and the next one arrives',
    async run(harness) {
      const server = await bind(harness, 'server');
      const client = await bind(harness, 'client');
      client.port.send(Buffer.alloc(MOST_BYTES + 1), server.port.address);
      client.port.send(Buffer.from('short'), server.port.address);
      await until(harness, () => server.heard.length > 0);
      await harness.elapse(20);
      assert.deepEqual(
        server.heard.map(({ data }) => data.toString()),
        ['short'],
      );
      assert.deepEqual(harness.problems, []);
      await stop(harness, server.port, client.port);
    },
  },
  {
    name: 'sending to a port that nobody has bound is silent, and the sender lives on',
    async run(harness) {
      const gone = await bind(harness, 'server');
      await stop(harness, gone.port);
      const server = await bind(harness, 'server');
      const client = await bind(harness, 'client');
      assert.equal(client.port.send(Buffer.from('nobody'), gone.port.address), true);
      await harness.elapse(20);
      client.port.send(Buffer.from('somebody'), server.port.address);
      await until(harness, () => server.heard.length === 1);
      assert.deepEqual(harness.problems, []);
      await stop(harness, server.port, client.port);
    },
  },
  {
    name: 'the protocol hears started, then datagrams, and stopped once and last',
    async run(harness) {
      const calls: string[] = [];
      const server = await bind(harness, 'server', {
        started: (port) => void calls.push(`started ${port.address.port > 0}`),
        datagramReceived: (data) => void calls.push(data.toString()),
        stopped: ({ kind }) => void calls.push(`stopped ${kind}`),
      });
      const client = await bind(harness, 'client');
      client.port.send(Buffer.from('one'), server.port.address);
      await until(harness, () => calls.length === 2);
      await stop(harness, server.port);
      client.port.send(Buffer.from('two'), server.port.address);
      await stop(harness, server.port);
      await harness.elapse(20);
      assert.deepEqual(calls, ['started true', 'one', 'stopped done']);
      assert.equal(server.port.send(Buffer.from('late'), client.port.address), false);
      await stop(harness, client.port);
    },
  },
  {
    name: 'a throw in any callback is reported, and the port lives on',
    async run(harness) {
      const mistake = new Error('a mistake');
      let heard = 0;
      const fail = (): never => {
        throw mistake;
      };
      const server = await bind(harness, 'server', {
        started: fail,
        datagramReceived() {
          heard += 1;
          fail();
        },
        stopped: fail,
      });
      const client = await bind(harness, 'client');
      client.port.send(Buffer.from('one'), server.port.address);
      await until(harness, () => heard === 1);
      client.port.send(Buffer.from('two'), server.port.address);
      await until(harness, () => heard === 2);
      await stop(harness, server.port, client.port);
      const places = harness.problems.map(({ where }) => where.replace(/^udp:\d+\./, ''));
      assert.deepEqual(places, ['started', 'datagramReceived', 'datagramReceived', 'stopped']);
      assert.ok(harness.problems.every(({ error }) => error === mistake));
    },
  },
  {
    name: 'after quiesce nothing is received, and what is being answered can be sent',
    async run(harness) {
      const server = await bind(harness, 'server');
      const client = await bind(harness, 'client');
      client.port.send(Buffer.from('question'), server.port.address);
      await until(harness, () => server.heard.length === 1);
      await harness.wait(server.port.quiesce());
      client.port.send(Buffer.from('too late'), server.port.address);
      const [question] = server.heard;
      assert.ok(question);
      server.port.send(Buffer.from('answer'), question.from);
      await until(harness, () => client.heard.length === 1);
      await harness.elapse(20);
      assert.equal(server.heard.length, 1);
      await stop(harness, server.port, client.port);
    },
  },
  {
    name: 'a port that is taken is HAWSER_ADDRESS_IN_USE, and free again after stop',
    async run(harness) {
      const { server, host, wait } = harness;
      const one = await bind(harness, 'server');
      const again = { host, port: one.port.address.port };
      await assert.rejects(wait(server.udp.bind(again, { datagramReceived() {} })), {
        code: 'HAWSER_ADDRESS_IN_USE',
      });
      await stop(harness, one.port);
      await stop(harness, await wait(server.udp.bind(again, { datagramReceived() {} })));
    },
  },
  {
    name: 'a bind that is cancelled in time hears nothing and leaves the port free',
    async run(harness) {
      const { server, host, wait } = harness;
      const probe = await bind(harness, 'server');
      const where = { host, port: probe.port.address.port };
      await stop(harness, probe.port);
      let started = 0;
      const binding = server.udp.bind(where, {
        started: () => void (started += 1),
        datagramReceived() {},
      });
      // The kernel may have been faster.
      const early = binding.peek();
      binding.cancel();
      if (early.state === 'fulfilled') {
        await stop(harness, early.value);
      } else {
        await assert.rejects(wait(binding), { code: 'HAWSER_CANCELLED' });
        await harness.elapse(20);
        assert.equal(started, 0);
      }
      await stop(harness, await wait(server.udp.bind(where, { datagramReceived() {} })));
    },
  },
];

interface Bound {
  readonly port: DatagramPort;
  readonly heard: { readonly data: Buffer; readonly from: InetAddress }[];
}

/** Binds a free port of one side, with a protocol that keeps what it hears unless it is given another. */
async function bind(
  harness: ReactorHarness,
  side: 'server' | 'client',
  protocol?: DatagramProtocol,
): Promise<Bound> {
  const heard: Bound['heard'] = [];
  const keeping: DatagramProtocol = {
    datagramReceived: (data, from) => void heard.push({ data, from }),
  };
  // The client of a simulation is another machine, and has not the address of the server.
  const host = side === 'server' ? harness.host : '0.0.0.0';
  const binding = harness[side].udp.bind({ host, port: 0 }, protocol ?? keeping);
  return { port: await harness.wait(binding), heard };
}

async function stop(harness: ReactorHarness, ...ports: readonly DatagramPort[]): Promise<void> {
  for (const port of ports) await harness.wait(port.stop());
}
