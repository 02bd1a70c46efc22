import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  buildQuery,
  type DnsMessage,
  type DnsRecord,
  Flag,
  formatType,
  parseMessage,
  rdataToText,
} from '@hawser/dns';
import { type Started, start } from './started.ts';

/** A zone as every server is given it. */
export interface PeerZone {
  /** Without a final dot. */
  readonly origin: string;
  /** A zone file. */
  readonly text: string;
}

/** A reply as far as servers can be compared: each section sorted, names in lower case. */
export interface PeerReply {
  readonly rcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** Servers of others, by the name of their program. */
export const peerKinds = ['named', 'nsd', 'knotd'] as const;
export type PeerKind = (typeof peerKinds)[number];

/** Starts a server of `kind` with `zones` on a port of its own; its files go to `folder`. */
export async function startPeer(
  kind: PeerKind,
  folder: string,
  zones: readonly PeerZone[],
): Promise<DnsPeer> {
  mkdirSync(folder, { recursive: true });
  for (const { origin, text } of zones) writeFileSync(join(folder, `${origin}.zone`), text);
  const port = await freePort();
  const configuration = join(folder, `${kind}.conf`);
  writeFileSync(configuration, configure[kind](folder, port, zones));
  const server = start(kind, flags[kind](configuration, folder));
  // The first answer comes when the zones are loaded.
  const peer = new DnsPeer(server, port);
  try {
    await peer.ready(zones.at(-1)?.origin ?? '.');
  } catch (error) {
    await peer[Symbol.asyncDispose]();
    throw new Error(`Cannot start ${kind}: ${server.stdout}${server.stderr}`, { cause: error });
  }
  return peer;
}

const flags: Readonly<Record<PeerKind, (configuration: string, folder: string) => string[]>> = {
  named: (configuration) => ['-g', '-n', '1', '-c', configuration],
  nsd: (configuration) => ['-d', '-c', configuration],
  knotd: (configuration) => ['-c', configuration],
};

type Configure = (folder: string, port: number, zones: readonly PeerZone[]) => string;

const configure: Readonly<Record<PeerKind, Configure>> = {
  named: (folder, port, zones) => `
    options {
      directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key";
      listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
      recursion no; allow-query { any; }; dnssec-validation no; minimal-responses yes;
      minimal-any no; notify no; check-names primary ignore; check-integrity no; empty-zones-enable no;
      check-dup-records ignore; check-wildcard no; zero-no-soa-ttl no;
    };
    controls { };
    ${zones.map(({ origin }) => `zone "${origin}" { type primary; file "${origin}.zone"; };`).join('\n')}
  `,
  nsd: (folder, port, zones) => `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  zonesdir: "${folder}"
  server-count: 1
  minimal-responses: yes
  refuse-any: no
  xfrdir: "${folder}"
remote-control:
  control-enable: no
${zones.map(({ origin }) => `zone:\n  name: ${origin}\n  zonefile: ${origin}.zone`).join('\n')}
`,
  knotd: (folder, port, zones) => `
server:
  rundir: ${folder}
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stdout
    any: warning
database:
  storage: ${folder}/db
template:
  - id: default
    storage: ${folder}
    file: "%s.zone"
    zonefile-sync: -1
    journal-content: none
    semantic-checks: soft
zone:
${zones.map(({ origin }) => `  - domain: ${origin}`).join('\n')}
`,
};

/** A server that is asked over TCP. */
export class DnsPeer implements AsyncDisposable {
  readonly #server: Started | undefined;
  readonly #port: number;
  readonly #waiting = new Map<number, (message: DnsMessage) => void>();
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #id = 0;

  /** `server` is killed when this is disposed. */
  constructor(server: Started | undefined, port: number) {
    this.#server = server;
    this.#port = port;
  }

  async ask(name: string, type: number, dnssecOk = false): Promise<PeerReply> {
    const message = await this.#exchange(name, type, dnssecOk);
    const lines = (records: readonly DnsRecord[]): string[] => records.map(describe).toSorted();
    return {
      rcode: message.rcode,
      aa: (message.flags & Flag.Authoritative) !== 0,
      tc: (message.flags & Flag.Truncated) !== 0,
      answer: lines(message.answer),
      authority: lines(message.authority),
      additional: lines(message.additional),
    };
  }

  /** Resolves when it answers for `origin`. */
  async ready(origin: string): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- until it answers
      const reply = await this.ask(origin, 6).catch(() => undefined);
      if (reply?.aa) return;
      // oxlint-disable-next-line no-await-in-loop -- a real server needs real time
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`Cannot get an answer for ${origin}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    await this.#server?.kill('SIGKILL');
  }

  async #exchange(name: string, type: number, dnssecOk: boolean): Promise<DnsMessage> {
    this.#socket ??= await this.#connect();
    const id = this.#id++ & 0xffff;
    const edns = { udpSize: 4096, dnssecOk };
    const query = buildQuery({ id, name, type, flags: 0, edns });
    const frame = Buffer.alloc(2 + query.length);
    frame.writeUInt16BE(query.length);
    frame.set(query, 2);
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error(`no answer to ${name} ${formatType(type)}`));
      socket.once('close', failed);
      this.#waiting.set(id, (message) => {
        socket.off('close', failed);
        resolve(message);
      });
      socket.write(frame);
    });
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    socket.setMaxListeners(0);
    socket.on('error', () => undefined);
    socket.on('data', (data) => this.#take(data));
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#received = Buffer.alloc(0);
    });
    return socket;
  }

  #take(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    for (;;) {
      const end = this.#received.length < 2 ? Infinity : 2 + this.#received.readUInt16BE(0);
      if (end > this.#received.length) return;
      const message = parseMessage(Buffer.from(this.#received.subarray(2, end)));
      this.#received = this.#received.subarray(end);
      if ('error' in message) throw new Error(`Cannot read a reply: ${message.error}`);
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      waiting?.(message);
    }
  }
}

function describe({ name, type, ttl, rdata }: DnsRecord): string {
  const data = rdata === undefined ? '' : rdataToText(type, rdata);
  return `${name} ${ttl} ${formatType(type)} ${data}`.toLowerCase();
}

/** A port for TCP and, most likely, for UDP: servers of others do not tell which one they took. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 60_000);
    const probe = createServer();
    // oxlint-disable-next-line no-await-in-loop -- until one is free
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    // oxlint-disable-next-line no-await-in-loop -- until one is free
    await new Promise((resolve) => probe.close(resolve));
    if (free) return port;
  }
}
