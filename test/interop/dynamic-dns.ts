import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBundled } from './bundled.ts';
import { run, type Started, type StartOptions } from './started.ts';

/** Of the flags that say which port is for what. */
export const portNames = ['dns', 'dot', 'http', 'https', 'smtp', 'ssh'] as const;

/** Where the server keeps its files, and what the first run told. */
export class Home implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hawser-dynamic-dns-'));
  readonly zone = 'dyn.test';
  readonly operatorKey = join(this.folder, 'operator_ed25519');
  readonly tsigKey = join(this.folder, 'tsig.key');
  readonly database = join(this.folder, 'zone.db');
  password = '';
  apiToken = '';

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ports of a running server. */
export interface Ports {
  readonly dns: number;
  /** DNS over TLS. */
  readonly dot: number;
  readonly http: number;
  readonly https: number;
  readonly smtp: number;
  readonly ssh: number;
  readonly one: number;
}

/** The dynamic DNS example as a process of its own, on ports the system chose. */
export class DynamicDns implements AsyncDisposable {
  readonly started: Started;
  readonly ports: Ports;
  readonly home: Home;

  private constructor(started: Started, home: Home) {
    home.password ||= /password +(\S+)/.exec(started.stdout)?.[1] ?? '';
    home.apiToken ||= /API token +(\S+)/.exec(started.stdout)?.[1] ?? '';
    this.started = started;
    this.home = home;
    this.ports = {
      dns: portIn(started.stdout, /^udp:\S+:(\d+) dns/m),
      dot: portIn(started.stdout, /^tcp:\S+:(\d+) .*\btls > dns/m),
      http: portIn(started.stdout, /^tcp:\S+:(\d+) http$/m),
      https: portIn(started.stdout, /^tcp:\S+:(\d+) tls > http$/m),
      smtp: portIn(started.stdout, /^tcp:\S+:(\d+) smtp$/m),
      ssh: portIn(started.stdout, /^tcp:\S+:(\d+) ssh$/m),
      one: portIn(started.stdout, /^tcp:\S+:(\d+) sniff/m),
    };
  }

  static async start(
    home: Home,
    flags: readonly string[] = [],
    options: StartOptions = {},
  ): Promise<DynamicDns> {
    const ports = portNames.flatMap((name) => [`--${name}-port`, '0']);
    const all = [
      `--zone=${home.zone}`,
      `--database=${home.database}`,
      '--one-port=0',
      ...ports,
      ...flags,
    ];
    const started = await startBundled('examples/dynamic-dns/main.ts', all, options);
    return DynamicDns.running(started, home);
  }

  /** One that was started in another way, with a port for everything. */
  static async running(started: Started, home: Home): Promise<DynamicDns> {
    await started.waitFor(/Ctrl-C stops/);
    return new DynamicDns(started, home);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.started[Symbol.asyncDispose]();
  }

  /** What dig says of a name. */
  async dig(name: string, ...flags: readonly string[]): Promise<string> {
    const { dns } = this.ports;
    return output('dig', ['@127.0.0.1', '-p', `${dns}`, '+tries=1', '+time=5', name, ...flags]);
  }

  /** What the server answers to an update by curl. */
  async update(name: string, address: string): Promise<string> {
    const query = `hostname=${name}&myip=${address}`;
    const url = `http://127.0.0.1:${this.ports.http}/nic/update?${query}`;
    return output('curl', ['-sS', '-u', `dyn:${this.home.password}`, url]);
  }

  /** What a command of the operator prints, by OpenSSH. */
  async operator(command: string, port: number = this.ports.ssh): Promise<string> {
    return output('ssh', [
      '-i',
      this.home.operatorKey,
      '-p',
      `${port}`,
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
      'operator@127.0.0.1',
      command,
    ]);
  }

  /** Sends mail by swaks. */
  async mail(
    subject: string,
    port: number = this.ports.smtp,
    flags: readonly string[] = [],
  ): Promise<string> {
    return output('swaks', [
      '--server',
      `127.0.0.1:${port}`,
      '--to',
      `postmaster@${this.home.zone}`,
      '--from',
      'ann@example.org',
      '--header',
      `Subject: ${subject}`,
      ...flags,
    ]);
  }
}

/** Standard output of a program that must succeed. */
export async function output(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args);
  if (code !== 0)
    throw new Error(`"${command} ${args.join(' ')}" ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

function portIn(text: string, pattern: RegExp): number {
  const port = pattern.exec(text)?.[1];
  if (port === undefined) throw new Error(`Cannot find ${pattern} in:\n${text}`);
  return Number(port);
}
