/**
 * A network of hosts inside of one process, on virtual time. Each host is a reactor; what runs on it cannot tell the
 * difference. The same seed gives the same run.
 */
import type { Clock } from '../contract/clock.ts';
import { AutoDriver } from './auto-driver.ts';
import { CollectedReports } from './collected-reports.ts';
import { GlobalTimers } from './global-timers.ts';
import { HostClock } from './host-clock.ts';
import { type HostLike, HostTable, type Side } from './host-table.ts';
import { describeLeaks, type Leak, problemLeak, socketLeak, timerLeak } from './leaks.ts';
import { checkLink, type LinkOptions } from './link-options.ts';
import { LoopDriver, type SettleOptions } from './loop-driver.ts';
import { type SocketStatus, socketsOf } from './netstat.ts';
import { Network, type TcpTuning } from './network.ts';
import type { PacketRule } from './packet.ts';
import { PoolWatch } from './pool-watch.ts';
import type { Rule } from './rules.ts';
import type { CallOwner } from './scheduled-call.ts';
import { SettledDriver } from './settled-driver.ts';
import type { HostOptions, HostParts, SimHost } from './sim-host.ts';
import { SimulationError } from './simulation-error.ts';
import { SyncDriver } from './sync-driver.ts';
import { Timeline } from './timeline.ts';
import { Trace } from './trace.ts';

/** Options for {@link createSimReactor}. */
export interface SimulationOptions {
  /** Decides everything that is left to chance. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** What every link is like unless {@link Simulation.link} says otherwise. @defaultValue 1 ms, cut at random */
  readonly link?: LinkOptions | undefined;
  readonly tcp?: TcpTuning | undefined;
  /**
   * Who lets time pass. `auto`: time jumps by itself to what is due next whenever the real event loop is quiet, until
   * {@link Simulation.sync} or {@link Simulation.settled} takes over for good. `manual`: only those two. @defaultValue 'auto'
   */
  readonly drive?: 'auto' | 'manual' | undefined;
  /** Virtual milliseconds after which time stops passing by itself. @defaultValue 86_400_000 */
  readonly autoLimitMs?: number | undefined;
  /** When the real event loop counts as quiet. */
  readonly settle?: SettleOptions | undefined;
  /** Keep the stack of whoever makes a port, a connection or a timer, for {@link Simulation.leaks}. Dear. @defaultValue false */
  readonly trackLeaks?: boolean | undefined;
  /** Trace entries to keep at least. @defaultValue 20_000 */
  readonly traceLimit?: number | undefined;
}

/** Makes a {@link Simulation}. Nothing happens, and no time passes, until a host is used. */
export function createSimReactor(options: SimulationOptions = {}): Simulation {
  return new Simulation(options);
}

/**
 * Simulated hosts and the network between them. Rules are disposable, and hold from when they are made. Packets on
 * their way when a partition begins are lost, as those behind it are.
 *
 * @example
 * const sim = createSimReactor({ seed: 7 });
 * const [server, client] = sim.hosts('server', 'client');
 * sim.link(server, client, { latencyMs: [20, 80] });
 * await server.tcp.listen({ port: 25 }, smtp);
 * const transport = await client.tcp.connect({ host: 'server', port: 25 }, () => new SmtpClient());
 * sim.partition(server, client);
 */
export class Simulation implements AsyncDisposable {
  readonly seed: number;
  /** The time of all, on no host: its timers survive crashes. */
  readonly clock: Clock;
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #network: Network;
  readonly #hosts: HostTable;
  /** Problems of the simulation itself, and of timers on no host. */
  readonly #reports = new CollectedReports();
  readonly #read = new Map<CollectedReports, number>();
  readonly #auto: AutoDriver | undefined;
  readonly #sync: SyncDriver;
  readonly #settled: SettledDriver;

  constructor(options: SimulationOptions = {}) {
    const { seed = 1, link = {}, tcp = {}, drive = 'auto', autoLimitMs = 86_400_000 } = options;
    const { settle, trackLeaks = false, traceLimit } = options;
    checkLink(link);
    const timeline = new Timeline({ track: trackLeaks });
    const failed = (where: string, thrown: unknown): void => this.#reports.problem(where, thrown);
    const world = (label: string, keepsContext: boolean): CallOwner => ({
      label,
      keepsContext,
      alive: true,
      failed,
    });
    const worldLife = world('simulation', true);
    this.seed = seed;
    this.#timeline = timeline;
    this.#trace = new Trace({
      now: () => timeline.now,
      limit: traceLimit,
      countsBytes: drive === 'manual',
    });
    this.#network = new Network({
      seed,
      timeline,
      trace: this.#trace,
      link,
      tcp,
      track: trackLeaks,
      failed,
    });
    this.#hosts = new HostTable(this.#network);
    this.clock = new HostClock(timeline, () => worldLife);
    const driver = new LoopDriver(timeline, new PoolWatch(), settle);
    const timers = new GlobalTimers(timeline, world('timers of the process', false));
    this.#sync = new SyncDriver(timeline);
    this.#settled = new SettledDriver(timeline, driver, timers);
    if (drive === 'auto') {
      this.#auto = new AutoDriver({
        timeline,
        driver,
        limitMs: autoLimitMs,
        failed: (error) => failed('simulation', error),
      });
    }
  }

  // --- time ---

  /** Lets time pass inside of one call; from now on it passes no other way by itself. */
  get sync(): SyncDriver {
    this.#auto?.stop();
    return this.#sync;
  }

  /** Lets time pass on the real loop, the timers of the process included; from now on it passes no other way by itself. */
  get settled(): SettledDriver {
    this.#auto?.stop();
    this.#trace.countsBytes = false;
    return this.#settled;
  }

  /** Virtual milliseconds since the beginning. */
  now(): number {
    return this.#timeline.now;
  }

  // --- hosts ---

  /** Makes hosts, each with an address and a name that resolves to it; hosts that exist are given as they are. */
  hosts<const N extends readonly string[]>(...names: N): { -readonly [K in keyof N]: SimHost } {
    return names.map((name) => this.host(name)) as { -readonly [K in keyof N]: SimHost };
  }

  /**
   * Makes a host, or gives the one with that name.
   * @throws RangeError if an address is none, or is taken
   */
  host(name: string, options: HostOptions = {}): SimHost {
    return this.#hosts.make(name, options).host;
  }

  /** Makes `name` resolve to a host, or to IP addresses, on every host. */
  name(name: string, to: SimHost | readonly string[]): Disposable {
    return this.#hosts.names.set(name, 'addresses' in to ? to.addresses : to);
  }

  /**
   * Takes a host down at once, without a goodbye: its timers and sockets are gone, its peers hear nothing. What
   * ran on it stays silent for ever; start anew after {@link restart}.
   */
  crash(host: HostLike): void {
    const { stack, crash } = this.#hosts.of(host);
    if (!stack.up) return;
    this.#trace.event(`crash ${stack.name}`);
    crash();
    this.#timeline.sweep();
  }

  /** Brings a host back, empty. It knows nothing of its connections from before: their peers get a reset. */
  restart(host: HostLike): SimHost {
    const parts = this.#hosts.of(host);
    if (parts.stack.up) this.crash(host);
    this.#trace.event(`restart ${parts.stack.name}`);
    parts.restart();
    return parts.host;
  }

  // --- rules ---

  /** Says how the link between two sides behaves, in both directions. Later rules override earlier ones. */
  link(one: Side, other: Side, options: LinkOptions): Disposable {
    checkLink(options);
    return this.#both(one, other, { kind: 'link', options });
  }

  /** {@link link} in one direction only. */
  linkOneWay(from: Side, to: Side, options: LinkOptions): Disposable {
    checkLink(options);
    return this.#oneWay(from, to, { kind: 'link', options });
  }

  /** Lets nothing through. TCP tries again until it is healed, or gives up. */
  partition(one: Side, other: Side): Disposable {
    return this.#both(one, other, { kind: 'partition' });
  }

  /** {@link partition} in one direction only. */
  partitionOneWay(from: Side, to: Side): Disposable {
    return this.#oneWay(from, to, { kind: 'partition' });
  }

  /** Ends partitions between two sides, or all of them. */
  heal(one?: Side, other?: Side): void {
    this.#trace.event('heal');
    this.#network.rules.remove('partition', this.#hosts.sides(one, other));
  }

  /** Keeps packets that leave, in both directions, until {@link release}. */
  hold(one: Side, other: Side): Disposable {
    return this.#releasing(this.#both(one, other, { kind: 'hold' }));
  }

  /** {@link hold} in one direction only. */
  holdOneWay(from: Side, to: Side): Disposable {
    return this.#releasing(this.#oneWay(from, to, { kind: 'hold' }));
  }

  /** Lets go what is held between two sides, or all of it. */
  release(one?: Side, other?: Side): void {
    this.#trace.event('release');
    this.#network.rules.remove('hold', this.#hosts.sides(one, other));
    this.#network.releaseHeld();
  }

  /** Decides about packets one by one. */
  rule(rule: PacketRule): Disposable {
    return this.#releasing(this.#network.rules.addPacketRule(rule));
  }

  /** Resets every TCP connection between two sides, at both ends, as a firewall does. Gives how many there were. */
  reset(one: Side, other: Side): number {
    const sides: readonly (readonly HostParts[])[] = [
      this.#hosts.ofSide(one),
      this.#hosts.ofSide(other),
    ];
    const [ones = [], others = []] = sides;
    const torn = new Set<number>();
    for (const [near, far] of [
      [ones, others],
      [others, ones],
    ] as const) {
      const addresses = new Set(far.flatMap(({ stack }) => stack.addresses));
      for (const end of near.flatMap(({ stack }) => stack.ends)) {
        if (!('host' in end.peer) || !addresses.has(end.peer.host)) continue;
        torn.add(end.id);
        end.tear('ECONNRESET');
      }
    }
    this.#trace.event(`reset ${torn.size} connections`);
    return torn.size;
  }

  // --- looking ---

  /** Every socket of a host, or of all. */
  netstat(host?: HostLike): readonly SocketStatus[] {
    const hosts = host === undefined ? this.#hosts.all : [this.#hosts.of(host)];
    return hosts.flatMap(({ stack }) => socketsOf(stack));
  }

  /** What crossed the network, as lines with the virtual time: at least the last `traceLimit`. */
  trace(): readonly string[] {
    return this.#trace.lines();
  }

  /**
   * A hash of the whole trace. Equal for two runs that did the same packets at the same times. When nothing but
   * {@link sync} has let time pass, on a simulation with `drive: 'manual'`, the packets have to say the same as well;
   * otherwise not, as encryption and borrowed libraries draw on real randomness.
   */
  get traceHash(): string {
    return this.#trace.hash;
  }

  /** The problems reported on any host since this was last asked. */
  takeProblems(): readonly {
    readonly host: string;
    readonly where: string;
    readonly error: unknown;
  }[] {
    const fresh = this.#unread();
    for (const { reports } of this.#allReports()) this.#read.set(reports, reports.problems.length);
    return fresh;
  }

  /** What is still there: ports, connections, timers, problems that nobody took. Nothing is left of a crashed host. */
  leaks(): readonly Leak[] {
    const timers = this.#timeline.list().filter(({ owner }) => owner !== this.#network.owner);
    return [
      ...this.netstat().map(socketLeak),
      ...timers.map(timerLeak),
      ...this.#unread().map(({ host, ...problem }) => problemLeak(host, problem)),
    ];
  }

  /**
   * Fails if something is still there.
   * @throws SimulationError `HAWSER_SIMULATION` that names all of it
   */
  assertNoLeaks(): void {
    const leaks = this.leaks();
    if (leaks.length === 0) return;
    const text = describeLeaks(leaks);
    throw new SimulationError(`Cannot end the simulation with seed ${this.seed}:\n${text}`);
  }

  /** Ends the simulation: all hosts crash and time stops. */
  close(): void {
    this.#auto?.stop();
    for (const { crash } of this.#hosts.all) crash();
    this.#timeline.sweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #both(one: Side, other: Side, what: Rule['what']): Disposable {
    const [from, to] = [this.#hosts.namesOf(one), this.#hosts.namesOf(other)];
    this.#trace.event(`${what.kind} ${from.join(',')} - ${to.join(',')}`);
    return this.#network.rules.add([...pairs(from, to, what), ...pairs(to, from, what)]);
  }

  #oneWay(one: Side, other: Side, what: Rule['what']): Disposable {
    const [from, to] = [this.#hosts.namesOf(one), this.#hosts.namesOf(other)];
    this.#trace.event(`${what.kind} ${from.join(',')} > ${to.join(',')}`);
    return this.#network.rules.add(pairs(from, to, what));
  }

  /** A rule that may hold packets: without it they go on. */
  #releasing(rule: Disposable): Disposable {
    return {
      [Symbol.dispose]: () => {
        rule[Symbol.dispose]();
        this.#network.releaseHeld();
      },
    };
  }

  #allReports(): readonly { readonly host: string; readonly reports: CollectedReports }[] {
    const hosts = this.#hosts.all;
    return [
      { host: 'simulation', reports: this.#reports },
      ...hosts.map(({ host: { name, reports } }) => ({ host: name, reports })),
    ];
  }

  #unread(): { readonly host: string; readonly where: string; readonly error: unknown }[] {
    return this.#allReports().flatMap(({ host, reports }) =>
      reports.problems
        .slice(this.#read.get(reports) ?? 0)
        .map(({ where, error }) => ({ host, where, error })),
    );
  }
}

function pairs(
  from: readonly string[],
  to: readonly string[],
  what: Rule['what'],
): readonly Rule[] {
  return from.flatMap((one) => to.map((other): Rule => ({ from: one, to: other, what })));
}
