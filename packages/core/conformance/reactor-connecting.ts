import assert from 'node:assert/strict';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { ReactorCase } from './reactor-harness.ts';
import { dial, echo, listen, portOf, silent, until } from './reactor-listening.ts';

/** Connecting. */
export const connectingCases: readonly ReactorCase[] = [
  {
    name: 'connect settles after connectionMade, with the transport that the protocol got',
    async run(harness) {
      const port = await listen(harness, echo());
      const { client, host, wait } = harness;
      const calls: unknown[] = [];
      const connecting = client.tcp.connect({ host, port: portOf(port) }, () => ({
        connectionMade: (transport) => void calls.push(transport),
        dataReceived() {},
      }));
      void connecting.addCallback((transport) => void calls.push(transport));
      const transport = await wait(connecting);
      assert.deepEqual(calls, [transport, transport]);
      assert.equal(transport.reactor, client);
      assert.deepEqual(transport.peer, port.address);
      await wait(port.stop());
    },
  },
  {
    name: 'a port that nobody listens on is HAWSER_CONNECT with ECONNREFUSED below',
    async run(harness) {
      const port = await listen(harness, silent());
      await harness.wait(port.stop());
      const error: unknown = await dial(harness, port, []).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.equal(Reflect.get(Object(error), 'code'), 'HAWSER_CONNECT');
      assert.ok(codesOf(error).includes('ECONNREFUSED'), `of ${codesOf(error).join(' ')}`);
    },
  },
  {
    name: 'a name that does not exist is HAWSER_RESOLVE',
    async run({ client, wait }) {
      await assert.rejects(wait(client.tcp.connect({ host: 'name.invalid', port: 1 }, silent())), {
        code: 'HAWSER_RESOLVE',
      });
    },
  },
  {
    name: 'a factory that refuses its own connection is HAWSER_REFUSED, and the server sees it go',
    async run(harness) {
      const port = await listen(harness, silent());
      const { client, host, wait } = harness;
      const refused = client.tcp.connect({ host, port: portOf(port) }, () => undefined);
      await assert.rejects(wait(refused), { code: 'HAWSER_REFUSED' });
      await until(harness, () => port.connections === 0);
      await wait(port.stop());
    },
  },
  {
    name: 'a connect that is cancelled builds no protocol',
    async run(harness) {
      const port = await listen(harness, silent());
      const { client, host, wait } = harness;
      let built = 0;
      const connecting = client.tcp.connect({ host, port: portOf(port) }, () => {
        built += 1;
        return undefined;
      });
      connecting.cancel();
      await assert.rejects(wait(connecting), { code: 'HAWSER_CANCELLED' });
      await harness.elapse(50);
      assert.equal(built, 0);
      await until(harness, () => port.connections === 0);
      await wait(port.stop());
    },
  },
  {
    name: 'a connect whose signal is aborted, before or meanwhile, is cancelled with its reason',
    async run(harness) {
      const port = await listen(harness, silent());
      const { client, host, wait } = harness;
      for (const early of [true, false]) {
        const controller = new AbortController();
        const { signal } = controller;
        if (early) controller.abort('why');
        const connecting = client.tcp.connect({ host, port: portOf(port), signal }, silent());
        controller.abort('why');
        await assert.rejects(wait(connecting), { code: 'HAWSER_CANCELLED', cause: 'why' });
      }
      await wait(port.stop());
    },
  },
  {
    name: 'an address that never answers is HAWSER_CONNECT_TIMEOUT',
    needs: ['silentAddress'],
    async run({ client, wait, silentHost = '' }) {
      const connecting = client.tcp.connect({ host: silentHost, port: 9, timeoutMs: 50 }, silent());
      await assert.rejects(wait(connecting), { code: 'HAWSER_CONNECT_TIMEOUT' });
    },
  },
  {
    name: 'a server factory that refuses resets the client, and the port lives on',
    async run(harness) {
      let refuse = true;
      const port = await listen(harness, {
        name: 'bouncer',
        buildProtocol: () => (refuse ? undefined : { dataReceived() {} }),
      });
      const { client, host, wait } = harness;
      const reasons: CloseReason['kind'][] = [];
      await wait(
        client.tcp.connect({ host, port: portOf(port) }, () => ({
          dataReceived() {},
          connectionLost: ({ kind }) => void reasons.push(kind),
        })),
      ).catch(() => reasons.push('reset'));
      await until(harness, () => reasons.length > 0);
      assert.deepEqual(reasons, ['reset']);
      refuse = false;
      await dial(harness, port, []);
      await until(harness, () => port.connections === 1);
      await wait(port.stop());
    },
  },
  {
    name: 'ids differ, and connections of one port do not mix',
    async run(harness) {
      const port = await listen(harness, echo());
      const heard: [string[], string[]] = [[], []];
      const one = await dial(harness, port, heard[0]);
      const other = await dial(harness, port, heard[1]);
      assert.notEqual(one.id, other.id);
      one.write(Buffer.from('one'));
      other.write(Buffer.from('other'));
      await until(harness, () => heard[0].join('') === 'one' && heard[1].join('') === 'other');
      await harness.wait(port.stop());
    },
  },
];

/** The codes of an error and of all below it. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [];
  const code: unknown = Reflect.get(error, 'code');
  return [
    ...(typeof code === 'string' ? [code] : []),
    ...codesOf(error.cause),
    ...inner.flatMap(codesOf),
  ];
}
