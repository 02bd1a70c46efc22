// ssh2 on both ends of a simulated link: key exchange, a password, a command and its exit status.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { plug, type Simulation, serve, simulate } from '@hawser/core';
import ssh2, { type ClientChannel } from 'ssh2';
import { expect, test } from 'vitest';
import { password, ssh } from '../src/index.ts';
import { HOST_KEY } from './world.ts';

async function conversation(sim: Simulation): Promise<string> {
  const [server, client] = sim.hosts('server', 'client');
  // The client of ssh2 needs the identification of the server in one piece.
  sim.link(server, client, { latencyMs: [10, 40], cut: 'whole' });
  const shell = ssh({
    hostKeys: [HOST_KEY],
    auth: password({ operator: 'secret' }),
    async session(session) {
      await session.write(`you said ${session.command}\n`);
      return 7;
    },
  });
  return sim.settled.until(async () => {
    const service = serve('tcp://:22', shell);
    await service.start(server);
    const sock = await new Promise<Socket>((made, failed) => {
      const options = { host: 'server', port: 22 };
      void client.tcp.connect(options, plug('client', { accept: made })).addErrback(failed);
    });
    const connection = new ssh2.Client();
    connection.connect({ sock, username: 'operator', password: 'secret' });
    await once(connection, 'ready');
    const channel = await new Promise<ClientChannel>((made, failed) => {
      connection.exec('uptime', (error, opened) => (error ? failed(error) : made(opened)));
    });
    let said = '';
    channel.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const [status] = (await once(channel, 'close')) as [number];
    connection.end();
    await once(connection, 'close');
    await service.stop();
    return `${said}exit ${status}`;
  });
}

test('a login and a command take the same virtual time on every run', async () => {
  const runs = [];
  for (let run = 0; run < 5; run++) {
    runs.push(await simulate(conversation, { seed: 5, drive: 'manual' }));
  }
  for (const { result } of runs) expect(result).toBe('you said uptime\nexit 7');
  expect(runs[0]?.durationMs).toBeGreaterThan(200);
  expect(new Set(runs.map(({ durationMs }) => durationMs)).size).toBe(1);
});
