// BIND, NSD and Knot as secondaries of ours, and as primaries.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type PeerKind } from './dns-peers.ts';
import { run, type Started, start } from './started.ts';

/** What a peer is told about a zone and about us. */
export interface TransferPeerOptions {
  readonly folder: string;
  readonly origin: string;
  /** Where it shall be. @defaultValue a free port */
  readonly port?: number | undefined;
  /** Where we are. */
  readonly ourPort: number;
  /** Both sides sign with it; without one nobody does. */
  readonly key?: { readonly name: string; readonly secret: string } | undefined;
  /** BIND only. As a secondary: use TLS, and trust this file; as a primary: have a certificate. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  /** BIND only, as a primary: sign the zone (RFC 4035). */
  readonly signs?: boolean | undefined;
  /** The zone file of a primary. */
  readonly text?: string | undefined;
}

/** A server of others. */
export interface TransferPeer extends AsyncDisposable {
  readonly port: number;
  /** BIND only, with TLS. */
  readonly tlsPort: number;
  readonly started: Started;
  /** Makes it add and delete names, of a primary. */
  change(change: PeerChange): Promise<void>;
}

/** A change of a primary. */
export interface PeerChange {
  /** As `nsupdate` takes them: `add a.example.net 60 A 192.0.2.1`. */
  readonly commands: readonly string[];
  /** The zone file with that change, for a server that does not take updates. */
  readonly text: string;
}

interface Place extends TransferPeerOptions {
  readonly port: number;
  readonly tlsPort: number;
}

/** Starts a server that copies the zone from us. It does not look by itself for an hour. */
export function startSecondary(
  kind: PeerKind,
  options: TransferPeerOptions,
): Promise<TransferPeer> {
  return startTransferPeer(kind, options, secondaries[kind]);
}

/** Starts a server with the zone of `text`, which tells us when it changes. */
export function startPrimary(kind: PeerKind, options: TransferPeerOptions): Promise<TransferPeer> {
  return startTransferPeer(kind, options, primaries[kind]);
}

async function startTransferPeer(
  kind: PeerKind,
  options: TransferPeerOptions,
  configure: (place: Place) => string,
): Promise<TransferPeer> {
  const { folder, origin, text, key } = options;
  mkdirSync(join(folder, 'db'), { recursive: true });
  const zoneFile = join(folder, `${origin}.zone`);
  if (text !== undefined) writeFileSync(zoneFile, text);
  const place = { ...options, port: options.port ?? (await freePort()), tlsPort: await freePort() };
  const configuration = join(folder, `${kind}.conf`);
  writeFileSync(configuration, configure(place));
  const started = start(kind, flags[kind](configuration));
  return {
    port: place.port,
    tlsPort: place.tlsPort,
    started,
    async change({ commands, text: changed }) {
      if (kind === 'nsd') {
        writeFileSync(zoneFile, changed);
        const { code, stderr } = await run('nsd-control', ['-c', configuration, 'reload', origin]);
        if (code !== 0) throw new Error(`Cannot reload: ${stderr}`);
        return;
      }
      const sign = key === undefined ? [] : ['-y', `hmac-sha256:${key.name}:${key.secret}`];
      const server = kind === 'knotd' ? '127.0.0.1' : `127.0.0.1 ${place.port}`;
      const port = kind === 'knotd' ? ['-p', `${place.port}`] : [];
      const input = [`server ${server}`, `zone ${origin}.`, ...commands, 'send', ''].join('\n');
      const program = kind === 'knotd' ? 'knsupdate' : 'nsupdate';
      const { code, stdout, stderr } = await run(program, [...sign, ...port], { input });
      if (code !== 0) throw new Error(`Cannot update: ${stdout}${stderr}${started.stdout}`);
    },
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
    },
  };
}

const flags: Readonly<Record<PeerKind, (configuration: string) => string[]>> = {
  named: (configuration) => ['-g', '-n', '1', '-c', configuration],
  nsd: (configuration) => ['-d', '-c', configuration],
  knotd: (configuration) => ['-c', configuration],
};

const secondaries: Readonly<Record<PeerKind, (place: Place) => string>> = {
  named: ({ ourPort, key, tls, ...place }) => `
    ${named({ ourPort, key, tls, ...place })}
    ${tls ? `tls ours { ca-file "${tls.ca}"; remote-hostname "localhost"; };` : ''}
    zone "${place.origin}" {
      type secondary; file "copy.db"; masterfile-format text; request-ixfr yes;
      primaries { 127.0.0.1 port ${ourPort} ${key ? `key "${key.name}"` : ''} ${tls ? 'tls ours' : ''}; };
      allow-notify { 127.0.0.1; };
    };
  `,
  nsd: ({ ourPort, key, ...place }) => `
${nsd({ ourPort, key, ...place })}
zone:
  name: ${place.origin}
  zonefile: "${place.folder}/copy.zone"
  request-xfr: 127.0.0.1@${ourPort} ${key?.name ?? 'NOKEY'}
  allow-notify: 127.0.0.1 ${key?.name ?? 'NOKEY'}
  provide-xfr: 127.0.0.1 NOKEY
`,
  knotd: (place) => `
${knot(place)}
  - id: notify
    address: 127.0.0.1
    action: notify
    ${place.key ? `key: ${place.key.name}` : ''}
zone:
  - domain: ${place.origin}
    storage: ${place.folder}
    master: ours
    acl: [transfer, notify]
`,
};

const primaries: Readonly<Record<PeerKind, (place: Place) => string>> = {
  named: ({ ourPort, key, tls, ...place }) => `
    ${tls ? `tls own { cert-file "${tls.cert}"; key-file "${tls.key}"; };` : ''}
    ${named({ ourPort, key, tls, ...place }, tls ? `listen-on port ${place.tlsPort} tls own { 127.0.0.1; };` : '')}
    zone "${place.origin}" {
      type primary; file "${place.origin}.zone"; notify explicit;
      ${place.signs ? 'dnssec-policy default; inline-signing yes;' : ''}
      also-notify { 127.0.0.1 port ${ourPort} ${key ? `key "${key.name}"` : ''}; };
      allow-update { ${key ? `key "${key.name}"` : '127.0.0.1'}; };
    };
  `,
  nsd: ({ ourPort, key, ...place }) => `
${nsd({ ourPort, key, ...place })}
zone:
  name: ${place.origin}
  zonefile: "${place.folder}/${place.origin}.zone"
  notify: 127.0.0.1@${ourPort} ${key?.name ?? 'NOKEY'}
  provide-xfr: 127.0.0.1 ${key?.name ?? 'NOKEY'}
  store-ixfr: yes
  create-ixfr: yes
`,
  knotd: (place) => `
${knot(place)}
  - id: update
    address: 127.0.0.1
    action: update
    ${place.key ? `key: ${place.key.name}` : ''}
zone:
  - domain: ${place.origin}
    storage: ${place.folder}
    file: ${place.origin}.zone
    notify: ours
    acl: [transfer, update]
`,
};

function named({ folder, port, key }: Place, more = ''): string {
  return `
    options {
      directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key";
      listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; ${more}
      recursion no; allow-query { any; }; allow-transfer { any; }; dnssec-validation no; notify no;
      notify-delay 0; empty-zones-enable no; check-integrity no;
    };
    controls { };
    ${key ? `key "${key.name}" { algorithm hmac-sha256; secret "${key.secret}"; };` : ''}
  `;
}

function nsd({ folder, port, key }: Place): string {
  return `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  zonesdir: "${folder}"
  xfrdir: "${folder}"
  server-count: 1
  xfrd-reload-timeout: 0
  verbosity: 2
remote-control:
  control-enable: yes
  control-interface: "${folder}/control"
${key ? `key:\n  name: ${key.name}\n  algorithm: hmac-sha256\n  secret: "${key.secret}"` : ''}
`;
}

/** Ends within the list of acl. */
function knot({ folder, port, ourPort, key }: Place): string {
  return `
server:
  rundir: ${folder}
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stdout
    any: info
database:
  storage: ${folder}/db
${key ? `key:\n  - id: ${key.name}\n    algorithm: hmac-sha256\n    secret: ${key.secret}` : ''}
remote:
  - id: ours
    address: 127.0.0.1@${ourPort}
    ${key ? `key: ${key.name}` : ''}
acl:
  - id: transfer
    address: 127.0.0.1
    action: transfer
    ${key ? `key: ${key.name}` : ''}
`;
}
