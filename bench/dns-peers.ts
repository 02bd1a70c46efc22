// The servers of others that `dns.ts` and `dns-zone.ts` compare with, as Debian packages them. Each answers from a zone file on
// one port of 127.0.0.1, with one worker, as we have one.
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MeasuredServer } from './compare.ts';
import { HOSTS, ZONE, zoneText } from './dns-names.ts';
import { processCpu } from './process-cpu.ts';

/** A server of somebody else, running. */
export interface PeerServer extends MeasuredServer {
  readonly pid: number | undefined;
  /** From when its process began until it answered. */
  readonly readyMs: number;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly zoneFile: string;
}

interface Peer {
  readonly command: string;
  /** Files to write before it starts, by name. */
  files(place: Place): Readonly<Record<string, string>>;
  args(place: Place): readonly string[];
}

const READY_ATTEMPTS = 1200;
const TWISTED = fileURLToPath(new URL('./dns-twisted.py', import.meta.url));

const peers: Readonly<Record<string, Peer>> = {
  BIND: {
    command: 'named',
    files: ({ folder, port, zoneFile }) => ({
      'named.conf': `options { directory "${folder}"; pid-file none; session-keyfile none; recursion no;
        listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; dnssec-validation no; };
        controls { };
        zone "${ZONE}" { type primary; file "${zoneFile}"; };\n`,
    }),
    args: ({ folder }) => ['-f', '-n', '1', '-c', join(folder, 'named.conf')],
  },
  NSD: {
    command: 'nsd',
    files: ({ folder, port, zoneFile }) => ({
      'nsd.conf': `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  zonelistfile: "${folder}/zone.list"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  logfile: "${folder}/nsd.log"
remote-control:
  control-enable: no
zone:
  name: ${ZONE}
  zonefile: "${zoneFile}"\n`,
    }),
    args: ({ folder }) => ['-d', '-c', join(folder, 'nsd.conf')],
  },
  Knot: {
    command: 'knotd',
    files: ({ folder, port, zoneFile }) => ({
      'knot.conf': `server:
    rundir: "${folder}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "${folder}"
zone:
  - domain: ${ZONE}
    file: "${zoneFile}"
    zonefile-sync: -1
    journal-content: none\n`,
    }),
    args: ({ folder }) => ['-c', join(folder, 'knot.conf')],
  },
  PowerDNS: {
    command: 'pdns_server',
    files: ({ folder, port, zoneFile }) => ({
      'named.conf': `zone "${ZONE}" { type master; file "${zoneFile}"; };\n`,
      'pdns.conf': `launch=bind
bind-config=${folder}/named.conf
local-address=127.0.0.1
local-port=${port}
socket-dir=${folder}
receiver-threads=1
distributor-threads=1
daemon=no
guardian=no
disable-syslog=yes
loglevel=0
setuid=
setgid=\n`,
    }),
    args: ({ folder }) => [`--config-dir=${folder}`],
  },
};

/** How to start each of `names` (all, without them) that this machine has. It says which it has not. */
export async function dnsPeers(
  names: readonly string[] = [...Object.keys(peers), 'Twisted'],
  hosts: number = HOSTS,
): Promise<Readonly<Record<string, () => Promise<PeerServer>>>> {
  const found: Record<string, () => Promise<PeerServer>> = {};
  for (const name of names) {
    const peer = peers[name];
    if (peer !== undefined && isThere(peer.command)) {
      found[name] = () => start(peer, hosts);
    } else if (name === 'Twisted' && isThere('/usr/bin/python3', 'import twisted.names')) {
      found[name] = () => startTwisted(hosts);
    } else {
      console.log(`${name} is left out: it is not on this machine`);
    }
  }
  return found;
}

function isThere(command: string, python?: string): boolean {
  try {
    if (python === undefined) execFileSync('which', [command], { stdio: 'ignore' });
    else execFileSync(command, ['-c', python], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function start(peer: Peer, hosts: number): Promise<PeerServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-bench-dns-'));
  const zoneFile = join(folder, `${ZONE}.zone`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(zoneFile, zoneText(hosts));
  const port = await freePort();
  const place = { folder, port, zoneFile };
  for (const [name, text] of Object.entries(peer.files(place))) {
    writeFileSync(join(folder, name), text);
  }
  return startServer({ folder, port, command: peer.command, args: peer.args(place) });
}

/** Starts a program that answers on `port`, and waits until it does. `folder` goes when it is stopped. */
export async function startServer(server: {
  readonly folder: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  /** What becomes of its output. @defaultValue 'ignore' */
  readonly output?: 'inherit' | 'ignore';
}): Promise<PeerServer> {
  const { folder, port, command, args, output = 'ignore' } = server;
  const begun = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', output, output] });
  const exited = once(child, 'exit');
  await answers(port, () => child.exitCode !== null);
  return {
    port,
    pid: child.pid,
    readyMs: performance.now() - begun,
    cpu: () => Promise.resolve(processCpu(child.pid)),
    async stop() {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startTwisted(hosts: number): Promise<PeerServer> {
  const begun = performance.now();
  const child = spawn('/usr/bin/python3', [TWISTED, String(hosts)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    port: Number(port),
    pid: child.pid,
    readyMs: performance.now() - begun,
    cpu: () => Promise.resolve(processCpu(child.pid)),
    async stop() {
      child.kill();
      await exited;
    },
  };
}

/** Those that were handed out: the system may give one again before its user has it. */
const given = new Set<number>();

/** One that is free for UDP and, most likely, for TCP. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  const bound = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await bound;
  const { port } = socket.address();
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  if (given.has(port)) return freePort();
  given.add(port);
  return port;
}

/** Waits until somebody answers for the zone with authority. */
async function answers(port: number, failed: () => boolean): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  let answered = false;
  socket.on('message', (reply) => {
    answered ||= ((reply[3] ?? 0) & 15) === 0;
  });
  const query = soaQuery();
  try {
    for (let attempt = 0; attempt < READY_ATTEMPTS && !answered; attempt++) {
      if (failed()) throw new Error('Cannot compare as a peer ended at its start');
      socket.send(query, port, '127.0.0.1');
      await sleep(50);
    }
    if (!answered) throw new Error('Cannot compare as a peer does not answer');
  } finally {
    socket.close();
  }
}

function soaQuery(): Buffer {
  const labels = ZONE.split('.').map((label) => String.fromCharCode(label.length) + label);
  const name = Buffer.from(labels.join(''), 'latin1');
  return Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 6, 0, 1]);
}
