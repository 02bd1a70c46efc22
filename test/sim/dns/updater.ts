import { type SimHost, toError } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import {
  DnsClient,
  DnsClientError,
  ednsCodecs,
  nameExists,
  Rcode,
  Type,
  type UpdateOptions,
  update,
} from '@hawser/dns';
import { contentOf } from './content.ts';
import type { Copy } from './copy.ts';
import { key, origin, ZONE } from './key.ts';
import type { Primary } from './primary.ts';
import { transferred } from './transferred.ts';
import { type DnsWatch, NEVER } from './watch.ts';

/** What an {@link Updater} needs. */
export interface UpdaterOptions {
  readonly watch: DnsWatch;
  readonly random: SeededRandom;
  readonly primary: Primary;
  readonly copies: readonly Copy[];
  /** Part of what is added that goes by itself. */
  readonly leased: number;
}

/** Whom an update is sent to: copies send it on. */
type Where = 'primary' | 'anybody';

interface OwnName {
  readonly name: string;
  readonly since: number;
}

const PAUSE_MS = 700;
/** What is still on its way of an update may come as late as this to a server that was started again. */
const SETTLED_MS = 9_000;
/** In good weather, where a server may have to be started. */
const MAX_TRIES = 30;
/** Longest time that anything takes. */
const MAX_MS = 45_000;

/** Adds names of its own, deletes some of them, and looks at what it is told. What it did not hear of stays in doubt. */
export class Updater {
  readonly host: SimHost;
  readonly #options: UpdaterOptions;
  readonly #own: OwnName[] = [];
  #made = 0;
  #finishing = false;
  #client: DnsClient | undefined;
  /** What it does now, and since when. */
  #doing: { readonly what: string; readonly since: number } | undefined;
  /** It does no more by itself. */
  resting = false;

  constructor(host: SimHost, options: UpdaterOptions) {
    this.host = host;
    this.#options = options;
  }

  boot(): void {
    this.#client = new DnsClient({ reactor: this.host });
    this.#run(this.#client).catch((error: unknown) => {
      this.#options.watch.broken.push(`${this.host.name} failed: ${toError(error).message}`);
    });
  }

  finish(): void {
    this.#finishing = true;
  }

  async stop(): Promise<void> {
    await this.#client?.close();
  }

  /** Nothing may take longer than all its waits together. */
  checkPatience(): void {
    const { what, since } = this.#doing ?? {};
    if (what !== undefined && since !== undefined && this.host.clock.now() - since > MAX_MS)
      this.#options.watch.broken.push(`${this.host.name} waits for ever: ${what}`);
  }

  async #run(client: DnsClient): Promise<void> {
    const { random } = this.#options;
    while (!this.#finishing) {
      // oxlint-disable-next-line no-await-in-loop -- one thing after another
      await this.#step(client);
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause(random.float() * PAUSE_MS);
    }
    this.resting = true;
  }

  /** Must succeed when the weather is good again, sooner or later. */
  async changeOnceMore(at: Where = 'anybody'): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      // oxlint-disable-next-line no-await-in-loop
      if (await this.changeOnce(at)) return;
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause(1_000);
    }
    this.#options.watch.broken.push(`${this.host.name} cannot update in good weather`);
  }

  /** Adds a name, for good. True if that was acknowledged. */
  async changeOnce(at: Where): Promise<boolean> {
    return this.#client !== undefined && this.#change(this.#client, 'last', at);
  }

  async #step(client: DnsClient): Promise<void> {
    const kind = this.#options.random.float();
    if (kind < 0.5) await this.#doingThis('an update', () => this.#change(client, 'any'));
    else if (kind < 0.58)
      await this.#doingThis('a refused update', () => this.#overstep(client, kind < 0.54));
    else if (kind < 0.66) await this.#doingThis('a transfer', () => this.#transfer(client));
    else await this.#doingThis('a question', () => this.#look(client));
  }

  /** True if it was acknowledged. */
  async #change(client: DnsClient, which: 'any' | 'last', at: Where = 'anybody'): Promise<boolean> {
    const { watch, primary, random, leased } = this.#options;
    const { clock, name: host } = this.host;
    const isLeased = which === 'any' && random.float() < leased;
    const old = this.#own[0];
    const isDeleted =
      which === 'any' &&
      !isLeased &&
      random.float() < 0.4 &&
      old !== undefined &&
      old.since + SETTLED_MS < clock.now();
    if (isDeleted) this.#own.shift();
    const name = isDeleted ? old.name : `${host}${++this.#made}.${ZONE}`;
    const changing = update(ZONE, { ...this.#how(client, at), ...(isLeased ? LEASED : {}) });
    watch.changing(name);
    if (isDeleted) changing.delete(name);
    else changing.add(name, 'TXT', name).add(name, 'A', '192.0.2.1');
    if (!(await this.#sent(changing.send()))) return false;
    watch.done(name, isDeleted ? 'delete' : isLeased ? 'lease' : 'add', primary.zone?.snapshot);
    if (!isDeleted && !isLeased) this.#own.push({ name, since: clock.now() });
    return true;
  }

  /** Asks for what the policy denies, or what does not hold. */
  async #overstep(client: DnsClient, denied: boolean): Promise<void> {
    const { watch } = this.#options;
    const name = `${NEVER}${++this.#made}.${denied ? `${NEVER}.` : ''}${ZONE}`;
    const changing = update(ZONE, this.#how(client));
    // All or nothing: this alone would be allowed.
    if (denied) changing.add(`${NEVER}-alone.${ZONE}`, 'TXT', name);
    else changing.require(nameExists(`nobody.${ZONE}`));
    changing.add(name, 'TXT', name);
    if (await this.#sent(changing.send())) watch.broken.push(`"${name}" was not refused`);
    else watch.refused += 1;
  }

  #how(client: DnsClient, at: Where = 'anybody'): UpdateOptions {
    const { primary, copies, random } = this.#options;
    const direct = at === 'primary' || random.float() < 0.8;
    const server = direct ? primary : (this.#any(copies) ?? primary);
    const over = random.float() < 0.4 ? 'datagram' : 'stream';
    return { client, server: server.address, key, over, timeoutMs: 3_000 };
  }

  async #sent(sending: PromiseLike<{ readonly rcode: number }>): Promise<boolean> {
    try {
      const { rcode } = await sending;
      return rcode === Rcode.NoError;
    } catch (error) {
      if (error instanceof DnsClientError) return false;
      throw error;
    }
  }

  /** What somebody was told does not go back, and is not too old. */
  async #look(client: DnsClient): Promise<void> {
    const { primary, copies, watch } = this.#options;
    const { host, address } = this.#any([primary, ...copies]) ?? primary;
    const askedAt = this.host.clock.now();
    const request = { name: ZONE, type: Type.SOA };
    try {
      const { answer } = await client.exchange(request, address, { timeoutMs: 500, attempts: 2 });
      const wire = answer[0]?.rdata?.wire;
      if (wire === undefined) return;
      const serial = wire.readUInt32BE(wire.length - 20);
      watch.serial(`${host.name} as ${this.host.name} sees it`, serial);
      watch.answered(host.name, serial, askedAt);
    } catch (error) {
      if (!(error instanceof DnsClientError)) throw error;
    }
  }

  /** Everything, or what changed since some earlier version, is what the primary had. */
  async #transfer(client: DnsClient): Promise<void> {
    const { primary, copies, watch, random } = this.#options;
    const { host, address } = this.#any([primary, ...copies]) ?? primary;
    const version = this.#any([...watch.versions.values()])?.zone;
    const base =
      version === undefined || random.float() < 0.3
        ? undefined
        : { serial: version.serial, content: contentOf(version) };
    try {
      const got = await transferred({ client, origin, server: address, key, base });
      if (got.style !== 'current')
        watch.content(`a transfer from ${host.name}`, got.serial, got.content);
    } catch (error) {
      if (!(error instanceof DnsClientError)) throw error;
    }
  }

  #any<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#options.random.float() * list.length)];
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resume) => {
      this.host.clock.callLater(ms, resume);
    });
  }

  async #doingThis<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#doing = { what, since: this.host.clock.now() };
    const outcome = await work();
    this.#doing = undefined;
    return outcome;
  }
}

/** Short, so that it goes while the weather is bad. */
const LEASED = { options: [lease(2)] };

function lease(leaseSeconds: number): { code: number; data: Buffer } {
  const { code, data } = ednsCodecs.updateLease.encode({ leaseSeconds });
  return { code, data: Buffer.from(data) };
}
