import { expect, test } from 'vitest';
import { stack } from '../../src/connection/stack.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { createSimReactor, type Simulation } from '../../src/sim/simulation.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';

test('TLS runs over a simulated link, in the same virtual time each run', async () => {
  const durations = new Set<number>();
  for (let run = 0; run < 3; run++) {
    // Signatures differ in length by a byte or two, so random cuts would differ as well.
    const sim = createSimReactor({ seed: 3, link: { latencyMs: 20, cut: 'whole' } });
    expect(await sim.settled.until(() => converse(sim))).toBe('HELLO');
    durations.add(sim.now());
    expect(sim.takeProblems()).toEqual([]);
    sim.close();
  }
  expect(durations.size).toBe(1);
});

async function converse(sim: Simulation): Promise<string> {
  const [server, client] = sim.hosts('server', 'client');
  const shout = stack(tls(localhostCertificate))(() => {
    let transport: Transport | undefined;
    return {
      connectionMade(made) {
        transport = made;
      },
      dataReceived: (data) => void transport?.write(Buffer.from(String(data).toUpperCase())),
    };
  });
  await server.tcp.listen({ port: 443 }, shout);
  return new Promise((done, failed) => {
    let heard = '';
    const upper = {
      name: 'client',
      buildProtocol: () => ({
        connectionMade: (transport: Transport) => void transport.write(Buffer.from('hello')),
        dataReceived(data: Buffer) {
          heard += String(data);
          if (heard.length === 5) done(heard);
        },
      }),
    };
    client.tcp
      .connect({ host: 'server', port: 443 }, () => ({
        connectionMade(transport) {
          client.tls.startClient(transport, { verify: false }, upper);
        },
        dataReceived() {},
      }))
      .then(undefined, failed);
  });
}
