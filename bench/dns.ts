// Server CPU per query: Hawser against a raw dgram echo (twice, to show the noise; the floor on this runtime)
// and dns2 from npm (the peer people use today). The client is this process. dns2 is fetched into a temporary folder: it is no dependency of the project.
// Run: npm run example bench/dns.ts
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from './compare.ts';
import { HOSTS, hostName } from './dns-names.ts';
import { show } from './show.ts';

const IN_FLIGHT = 64;

const peers = join(tmpdir(), 'hawser-bench-peers');
mkdirSync(peers, { recursive: true });
writeFileSync(join(peers, 'package.json'), '{ "private": true }');
const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', 'dns2@3.1.1'], {
  cwd: peers,
});
const modes = ['raw', 'raw again', 'hawser'];
if (installed.status === 0) modes.push('dns2');
else console.log('dns2 could not be installed: compared without it');

const queries = Array.from({ length: HOSTS }, (_, index) => query(hostName(index)));
const samples = await compare({
  script: './dns-server.ts',
  modes,
  args: [peers],
  load: (port) => Promise.resolve({ run: (count) => ask(port, count), close() {} }),
  count: 10_000,
  rounds: 9,
});
show(samples, { title: `one A query over UDP, ${HOSTS} names, ${IN_FLIGHT} in flight` });

/** Keeps `IN_FLIGHT` queries on their way until `count` answers came. */
function ask(port: number, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    let sent = 0;
    let received = 0;
    let lastReceived = -1;
    const send = (): void => {
      const packet = queries[sent % queries.length];
      sent += 1;
      if (packet) socket.send(packet);
    };
    const fill = (): void => {
      for (let i = 0; i < IN_FLIGHT; i++) send();
    };
    // A lost datagram must not end the round: when nothing came for a while, the window is filled again.
    const watch = setInterval(() => {
      if (received === lastReceived) fill();
      lastReceived = received;
    }, 250);
    socket.on('error', reject);
    socket.on('message', () => {
      received += 1;
      if (received < count) {
        send();
      } else if (received === count) {
        clearInterval(watch);
        socket.close();
        resolve();
      }
    });
    socket.connect(port, '127.0.0.1', fill);
  });
}

function query(name: string): Buffer {
  const labels = name.split('.').map((label) => {
    const bytes = Buffer.from(label, 'latin1');
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  });
  const header = Buffer.from([0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}
