import assert from 'node:assert/strict';
import type { Factory } from '../src/contract/factory.ts';
import { ProtocolError } from '../src/errors.ts';
import type { Capability, ConformanceCase } from './conformance-case.ts';
import type { Recorder, Script } from './recorder.ts';
import { conformanceCase, type Session } from './session.ts';

const mistake = new Error('a mistake in the protocol');

function fail(): never {
  throw mistake;
}

interface Place {
  readonly callback: string;
  readonly script: Script;
  readonly needs?: readonly Capability[];
  /** What the peer does to get there. */
  readonly provoke?: (client: Recorder, server: Recorder) => void;
}

const places: readonly Place[] = [
  { callback: 'connectionMade', script: { made: fail } },
  {
    callback: 'dataReceived',
    script: { data: fail },
    provoke: (client) => void client.transport.write(Buffer.from('x')),
  },
  {
    callback: 'readEnded',
    script: { ended: fail },
    needs: ['halfCloses'],
    provoke: (client) => client.transport.end(),
  },
  {
    callback: 'writeDrained',
    script: { drained: fail },
    needs: ['bulk'],
    provoke: (_, server) => void server.transport.write(Buffer.alloc(3_000_000)),
  },
];

/** Mistakes of one connection stay there. */
export const failureCases: readonly ConformanceCase[] = [
  ...places.map(({ callback, script, needs = [], provoke }) =>
    conformanceCase({
      name: `a throw in ${callback} ends that connection alone and is reported with its place`,
      invariants: [6],
      needs,
      async play(session) {
        const other = await openEcho(session);
        const server = session.protocol('server', script);
        const client = session.protocol('client');
        if (provoke) {
          await session.connect(server, client);
          provoke(client, server);
          await session.lost(client);
        } else {
          await session.openInVain(server.factory, client);
        }
        await session.lost(server);
        assert.deepEqual(server.reason, { kind: 'protocol', error: mistake });
        assertReported(session, callback);
        await assertEchoes(session, other);
      },
    }),
  ),

  conformanceCase({
    name: 'a throw in connectionLost is reported and leaves the reason as it was',
    invariants: [6, 8],
    async play(session) {
      const other = await openEcho(session);
      const server = session.protocol('server', { lost: fail });
      const client = session.protocol('client');
      await session.connect(server, client);
      client.transport.close();
      await session.lost(server, client);
      assert.deepEqual(server.reason, { kind: 'done' });
      assertReported(session, 'connectionLost');
      await assertEchoes(session, other);
    },
  }),

  conformanceCase({
    name: 'a throw in buildProtocol ends that connection alone and is reported with its place',
    invariants: [6],
    async play(session) {
      const other = await openEcho(session);
      const client = session.protocol('client');
      await session.openInVain({ name: 'server', buildProtocol: fail }, client);
      assertReported(session, 'buildProtocol');
      await assertEchoes(session, other);
    },
  }),

  conformanceCase({
    name: 'a factory that refuses ends that connection alone, and nothing is reported',
    invariants: [6],
    async play(session) {
      const other = await openEcho(session);
      const client = session.protocol('client');
      const closed: unknown[] = [];
      const refusing: Factory = {
        name: 'bouncer',
        buildProtocol(incoming) {
          incoming.onClose((reason) => closed.push(reason));
          return undefined;
        },
      };
      await session.openInVain(refusing, client);
      assert.equal(closed.length, 1);
      assert.equal(Reflect.get(Object(closed[0]), 'kind'), 'refused');
      await assertEchoes(session, other);
    },
  }),

  conformanceCase({
    name: 'a factory that aborts while it builds is never told of the connection',
    invariants: [1, 6],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      const aborting: Factory = {
        name: 'server',
        buildProtocol(incoming) {
          incoming.abort();
          return server.protocol;
        },
      };
      await session.openInVain(aborting, client);
      assert.deepEqual(server.calls, []);
    },
  }),

  conformanceCase({
    name: 'a ProtocolError is a fault of the peer: the connection ends and nothing is reported',
    invariants: [6],
    async play(session) {
      const error = new ProtocolError('HAWSER_LINE_TOO_LONG', 'Cannot read so long a line');
      const server = session.protocol('server', {
        data() {
          throw error;
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(server, client);
      await session.lost(server, client);
      assert.deepEqual(server.reason, { kind: 'protocol', error });
    },
  }),

  conformanceCase({
    name: 'what is thrown need not be an Error',
    invariants: [6],
    async play(session) {
      const server = session.protocol('server', {
        data() {
          // oxlint-disable-next-line no-throw-literal -- this is what the case is about
          throw 'a string';
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(server, client);
      await session.lost(server, client);
      assert.equal(server.reason?.kind, 'protocol');
      assert.equal(session.takeProblems().length, 1);
    },
  }),

  conformanceCase({
    name: 'a throw drops what the callback had written',
    invariants: [6, 12],
    async play(session) {
      const server = session.protocol('server', {
        data(_, t) {
          t.write(Buffer.from('half an answer'));
          fail();
        },
      });
      const client = session.protocol('client', { made: (t) => void t.write(Buffer.from('x')) });
      await session.connect(server, client);
      await session.lost(server, client);
      assert.equal(client.text, '');
      assertReported(session, 'dataReceived');
    },
  }),
];

async function openEcho(session: Session): Promise<Recorder> {
  const echo = session.protocol('echo', { data: (chunk, t) => void t.write(chunk) });
  const client = session.protocol('other client');
  await session.connect(echo, client);
  return client;
}

async function assertEchoes(session: Session, client: Recorder): Promise<void> {
  client.transport.write(Buffer.from('still here'));
  await session.received(client, 10);
  assert.equal(client.text, 'still here');
}

function assertReported(session: Session, callback: string): void {
  const problems = session.takeProblems();
  assert.equal(problems.length, 1, 'one report');
  assert.ok(problems[0]?.where.endsWith(`server.${callback}`), `at ${problems[0]?.where}`);
  assert.equal(problems[0]?.error, mistake);
}
