import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createNodeReactor,
  type ListenerService,
  type Port,
  type Service,
  serve,
} from '@hawser/core';
import { CollectedReports } from '@hawser/core/testing';
import {
  type DnsHandlerObject,
  type DnsService,
  type DynamicZone,
  type DynamicZoneOptions,
  dnsService,
  dynamicZone,
  type TsigKey,
  type UpdateReport,
  type UpdatesOptions,
  updates,
} from '@hawser/dns';
import { type HttpHandler, http } from '@hawser/http';
import { output } from './dynamic-dns.ts';
import { type Ended, run } from './started.ts';

/** What an {@link UpdateServer} is started with. */
export interface UpdateServerOptions extends DynamicZoneOptions {
  readonly keys?: readonly TsigKey[];
  /** Without it UPDATE is refused. */
  readonly updates?: UpdatesOptions;
  /** Made with the zone. */
  readonly web?: (zone: DynamicZone) => HttpHandler;
}

/** A zone `example.net` served over DNS, and over HTTP if asked for, by this process. */
export class UpdateServer implements AsyncDisposable {
  readonly reports: CollectedReports = new CollectedReports();
  readonly folder: string = mkdtempSync(join(tmpdir(), 'hawser-dns-update-'));
  /** What became of each UPDATE. */
  readonly updates: UpdateReport[] = [];
  readonly zone: DynamicZone;
  readonly #services: Service[] = [];
  #dns: DnsService | undefined;
  #web: ListenerService<Port> | undefined;

  private constructor(zone: DynamicZone) {
    this.zone = zone;
  }

  static async start(options: UpdateServerOptions = {}): Promise<UpdateServer> {
    const { keys, updates: accepted, web, ...zoneOptions } = options;
    const zone = await dynamicZone('example.net', zoneOptions);
    const server = new UpdateServer(zone);
    const handlers: DnsHandlerObject[] = [];
    if (accepted !== undefined) {
      const onUpdate = (report: UpdateReport): void => void server.updates.push(report);
      handlers.push(updates(zone, { onUpdate, ...accepted }));
    }
    const reactor = createNodeReactor({ reports: server.reports });
    server.#dns = dnsService('127.0.0.1:0', [...handlers, zone], { keys });
    server.#services.push(server.#dns);
    if (web !== undefined) {
      server.#web = serve('tcp://127.0.0.1:0', http(web(zone)));
      server.#services.push(server.#web);
    }
    for (const service of server.#services) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await service.start(reactor);
    }
    return server;
  }

  /** Of DNS. */
  get port(): number {
    return this.#dns?.address?.port ?? 0;
  }

  /** Without a final slash. */
  get url(): string {
    const address = this.#web?.port?.address;
    return `http://127.0.0.1:${address !== undefined && 'port' in address ? address.port : 0}`;
  }

  /** What dig prints. */
  dig(name: string, ...flags: readonly string[]): Promise<string> {
    return output('dig', [
      '@127.0.0.1',
      '-p',
      `${this.port}`,
      '+tries=1',
      '+time=5',
      name,
      ...flags,
    ]);
  }

  /** Runs nsupdate with `lines` between `server` and `send`. */
  nsupdate(lines: readonly string[], ...flags: readonly string[]): Promise<Ended> {
    return this.#update('nsupdate', lines, flags);
  }

  /** Runs knsupdate with `lines` between `server` and `send`. */
  knsupdate(lines: readonly string[], ...flags: readonly string[]): Promise<Ended> {
    return this.#update('knsupdate', lines, flags);
  }

  #update(program: string, lines: readonly string[], flags: readonly string[]): Promise<Ended> {
    const input = `${[`server 127.0.0.1 ${this.port}`, ...lines, 'send'].join('\n')}\n`;
    return run(program, ['-t', '20', ...flags], { input });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- in the opposite order
      await service.stop();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
