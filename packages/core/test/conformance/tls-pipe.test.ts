import { describe, expect, test } from 'vitest';
import {
  type Capability,
  type ConformanceHarness,
  isApplicable,
  transportConformance,
} from '../../conformance/index.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { SecuringProtocol } from '../../src/layers/transform/securing-protocol.ts';
import { FakeTls } from '../../testing/fake-tls.ts';
import type { PipeOptions } from '../../testing/pipe.ts';
import { pipeCan, pipeHarness } from './pipe-harness.ts';
import { TLS_VERSIONS, tlsClient, tlsServer } from './tls-kind.ts';

type Harness = ReturnType<typeof pipeHarness>;
type Ends = Readonly<Record<'server' | 'client', (inner: Factory) => Factory>>;

/** A pipe with something in front of each end. */
function between(
  { server, client }: Ends,
  parts: { readonly can: ReadonlySet<Capability>; readonly pipe?: PipeOptions },
): Harness {
  const { can } = parts;
  const harness = pipeHarness(parts.pipe);
  const connect: ConformanceHarness['connect'] = (serverApp, clientApp, options) =>
    harness.connect(server(serverApp), client(clientApp), options);
  return { ...harness, can, connect };
}

function runOver(can: ReadonlySet<Capability>, make: () => Harness): void {
  for (const each of transportConformance.filter((one) => isApplicable(one, can))) {
    test(each.name, async () => {
      const harness = make();
      await each.run(harness);
      await harness.reactor.clock.elapse(3_000);
      expect(harness.reactor.clock.timers, 'no timer is left').toBe(0);
    });
  }
}

describe.each(TLS_VERSIONS)('%s over a pipe, which is no socket', (version) => {
  // What is above is a socket again, and encrypts what it is given.
  const can = new Set<Capability>(['resets', 'halfCloses', 'detaches', 'limitsPending', 'bulk']);
  runOver(can, () => between({ server: tlsServer(version), client: tlsClient(version) }, { can }));
});

describe.each(['whole', 7] as const)('fake TLS over a pipe, cut %s', (cut) => {
  const can = new Set([...pipeCan].filter((each) => each !== 'countsWrites'));
  const fake = new FakeTls();
  const secured =
    (side: 'startServer' | 'startClient') =>
    (inner: Factory): Factory => ({
      name: 'fake',
      buildProtocol: () =>
        new SecuringProtocol((under) => fake[side](under, { serverName: 'a.example' }, inner)),
    });
  const ends = { server: secured('startServer'), client: secured('startClient') };
  runOver(can, () => between(ends, { can, pipe: { cut } }));
});
