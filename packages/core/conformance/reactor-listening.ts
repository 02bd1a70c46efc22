import assert from 'node:assert/strict';
import type { Address } from '../src/contract/address.ts';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { Factory } from '../src/contract/factory.ts';
import type { Port } from '../src/contract/port.ts';
import type { Transport } from '../src/contract/transport.ts';
import type { ReactorCase, ReactorHarness } from './reactor-harness.ts';

/** Ports. */
export const listeningCases: readonly ReactorCase[] = [
  {
    name: 'port 0 picks a free port, and String(port) shows it',
    async run(harness) {
      const one = await listen(harness, silent());
      const other = await listen(harness, silent());
      assert.ok(portOf(one) > 0 && portOf(one) !== portOf(other));
      assert.ok(String(one).includes(String(portOf(one))));
      assert.equal(one.protocol, 'silent');
      await harness.wait(one.stop());
      await harness.wait(other.stop());
    },
  },
  {
    name: 'a port that is taken is HAWSER_ADDRESS_IN_USE, and free again after quiesce',
    async run(harness) {
      const { server, host, wait } = harness;
      const port = await listen(harness, silent());
      const again = { host, port: portOf(port) };
      await assert.rejects(wait(server.tcp.listen(again, silent())), {
        code: 'HAWSER_ADDRESS_IN_USE',
      });
      await wait(port.quiesce());
      const next = await wait(server.tcp.listen(again, silent()));
      await wait(next.stop());
      await wait(port.stop());
    },
  },
  {
    name: 'who came while the port paused is served when it is quiesced, and nobody before',
    async run(harness) {
      const port = await listen(harness, echo());
      const paused = port.pauseAccepting?.();
      const heard: string[] = [];
      const transport = await dial(harness, port, heard);
      transport.write(Buffer.from('hello'));
      await harness.elapse(20);
      assert.deepEqual(heard, paused ? [] : ['hello']);
      await harness.wait(port.quiesce());
      await until(harness, () => heard.join('') === 'hello');
      paused?.[Symbol.dispose]();
      await harness.wait(port.stop());
    },
  },
  {
    name: 'an address of another machine is HAWSER_ADDRESS_NOT_AVAILABLE',
    async run({ server, wait }) {
      await assert.rejects(wait(server.tcp.listen({ host: '192.0.2.77', port: 0 }, silent())), {
        code: 'HAWSER_ADDRESS_NOT_AVAILABLE',
      });
    },
  },
  {
    name: 'a listen that is cancelled leaves the port free',
    async run(harness) {
      const { server, host, wait } = harness;
      const probe = await listen(harness, silent());
      const where = { host, port: portOf(probe) };
      await wait(probe.stop());
      const listening = server.tcp.listen(where, silent());
      listening.cancel();
      await assert.rejects(wait(listening), { code: 'HAWSER_CANCELLED' });
      await harness.elapse(20);
      const port = await wait(server.tcp.listen(where, silent()));
      await wait(port.stop());
    },
  },
  {
    name: 'a factory hears started once and stopped once for each port, and throwing there is reported',
    async run(harness) {
      const calls: string[] = [];
      const mistake = new Error('a mistake');
      const factory: Factory = {
        ...silent(),
        started: (port) => void calls.push(`started ${portOf(port)}`),
        stopped(port) {
          calls.push(`stopped ${portOf(port)}`);
          throw mistake;
        },
      };
      const one = await listen(harness, factory);
      const other = await listen(harness, factory);
      await harness.wait(one.stop());
      await harness.wait(one.stop());
      await harness.wait(other.stop());
      const [first, second] = [portOf(one), portOf(other)];
      assert.deepEqual(calls, [
        `started ${first}`,
        `started ${second}`,
        `stopped ${first}`,
        `stopped ${second}`,
      ]);
      assert.deepEqual(
        harness.problems.map(({ error }) => error),
        [mistake, mistake],
      );
    },
  },
  {
    name: 'quiesce refuses new connections and leaves open ones alone',
    async run(harness) {
      const { wait } = harness;
      const port = await listen(harness, echo());
      const heard: string[] = [];
      const transport = await dial(harness, port, heard);
      // What nobody has accepted by then is reset.
      await until(harness, () => port.connections === 1);
      await wait(port.quiesce());
      await wait(port.quiesce());
      await assert.rejects(dial(harness, port, []), { code: 'HAWSER_CONNECT' });
      transport.write(Buffer.from('still here'));
      await until(harness, () => heard.join('') === 'still here');
      assert.equal(port.connections, 1);
      await wait(port.stop());
    },
  },
  {
    name: 'stop aborts what is open, as a shutdown, and settles when all is gone',
    async run(harness) {
      const reasons: CloseReason[] = [];
      const factory: Factory = {
        name: 'open',
        buildProtocol: () => ({
          dataReceived() {},
          connectionLost: (reason) => void reasons.push(reason),
        }),
      };
      const port = await listen(harness, factory);
      await dial(harness, port, []);
      await dial(harness, port, []);
      await until(harness, () => port.connections === 2);
      await harness.wait(port.stop());
      assert.deepEqual(reasons, [{ kind: 'shutdown' }, { kind: 'shutdown' }]);
      assert.equal(port.connections, 0);
    },
  },
  {
    name: 'drain asks every connection, aborts at the deadline, and reports both kinds',
    async run(harness) {
      const { server } = harness;
      const asked: string[] = [];
      const names = ['polite', 'deaf'];
      const factory: Factory = {
        name: 'draining',
        buildProtocol() {
          const name = names.shift() ?? '';
          let transport: Transport | undefined;
          return {
            connectionMade(made) {
              transport = made;
            },
            dataReceived() {},
            drainRequested() {
              asked.push(name);
              if (name === 'polite') transport?.close();
            },
          };
        },
      };
      const port = await listen(harness, factory);
      await dial(harness, port, []);
      await dial(harness, port, []);
      await until(harness, () => port.connections === 2);
      const report = await harness.wait(port.drain(server.clock.now() + 200));
      assert.deepEqual(asked, ['polite', 'deaf']);
      assert.deepEqual(report, { finished: 1, aborted: 1 });
      await harness.wait(port.stop());
    },
  },
  {
    name: 'draining a port without connections settles with nothing',
    async run(harness) {
      const port = await listen(harness, silent());
      const report = await harness.wait(port.drain(harness.server.clock.now() + 60_000));
      assert.deepEqual(report, { finished: 0, aborted: 0 });
      await harness.wait(port.stop());
    },
  },
];

/** Listens on a free port. */
export function listen({ server, host, wait }: ReactorHarness, factory: Factory): Promise<Port> {
  return wait(server.tcp.listen({ host, port: 0 }, factory));
}

/** Connects a client that keeps what it hears. */
export function dial(harness: ReactorHarness, port: Port, heard: string[]): Promise<Transport> {
  const { client, host, wait } = harness;
  return wait(
    client.tcp.connect({ host, port: portOf(port) }, () => ({
      dataReceived: (data) => void heard.push(data.toString('latin1')),
    })),
  );
}

/** Waits until `test` is true. */
export async function until(harness: ReactorHarness, test: () => boolean): Promise<void> {
  for (let turn = 0; !test(); turn++) {
    if (turn === 1_000) throw new Error('Cannot go on waiting: it never became true');
    await harness.elapse(5);
  }
}

export function portOf({ address }: { readonly address: Address }): number {
  if (!('port' in address)) throw new TypeError(`Cannot tell the port of ${address.kind}`);
  return address.port;
}

export function silent(): Factory {
  return { name: 'silent', buildProtocol: () => ({ dataReceived() {} }) };
}

export function echo(): Factory {
  return {
    name: 'echo',
    buildProtocol() {
      let transport: Transport | undefined;
      return {
        connectionMade(made) {
          transport = made;
        },
        dataReceived: (data) => void transport?.write(data),
      };
    },
  };
}
