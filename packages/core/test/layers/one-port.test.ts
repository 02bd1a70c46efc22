import { expect, test } from 'vitest';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { onePort, talk, talks } from './one-port.ts';

test('PROXY, TLS, two protocols in clear and inside, and silence share a port of a simulated network', async () => {
  const sim = createSimReactor({ seed: 3, link: { latencyMs: 40 } });
  const [server, client] = sim.hosts('server', 'client');
  const { factory, given } = onePort(['0.0.0.0/0', '::/0']);
  const port = await server.tcp.listen({ port: 443 }, factory);
  for (const each of talks) await talk(client, { host: 'server', port: 443 }, each);
  expect([...given.keys()]).toEqual(['secure web', 'secure shell', 'shell', 'web', 'mail']);
  expect(port.connections).toBe(talks.length);
  await port.stop();
});
