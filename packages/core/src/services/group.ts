import type { DrainReport } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { CancelledError } from '../errors.ts';
import { GroupMember } from './group-member.ts';
import { stateError } from './state-error.ts';

/** How long a service may take to stop after another one failed to start. */
const ROLLBACK_MS = 5_000;

/** Options for {@link ServiceGroup.remove}. */
export interface RemoveOptions {
  /** How long the work of the service may take to finish, in milliseconds. @defaultValue 0: it is stopped at once */
  readonly graceMs?: number | undefined;
}

/**
 * Several services as one: started in order, quiesced and drained together, stopped in reverse. When one fails to
 * start, those before it are stopped again, each within 5 seconds. One that fails to quiesce or to stop does not keep the others from it; its
 * error is thrown when all have ended, several as an `AggregateError`.
 */
export function group(name: string, ...services: readonly Service[]): ServiceGroup;
export function group(...services: readonly Service[]): ServiceGroup;
export function group(first?: string | Service, ...rest: readonly Service[]): ServiceGroup {
  return makeGroup('sequence', first, rest);
}

/**
 * {@link group} for services that do not need each other: all are started at the same time, and stopped at the same
 * time. When one fails to start, the others are stopped again.
 */
export function parallel(name: string, ...services: readonly Service[]): ServiceGroup;
export function parallel(...services: readonly Service[]): ServiceGroup;
export function parallel(first?: string | Service, ...rest: readonly Service[]): ServiceGroup {
  return makeGroup('parallel', first, rest);
}

type Order = 'sequence' | 'parallel';

function makeGroup(
  order: Order,
  first: string | Service | undefined,
  rest: readonly Service[],
): ServiceGroup {
  if (typeof first === 'string') return new ServiceGroup(first, rest, order);
  const services = first ? [first, ...rest] : rest;
  return new ServiceGroup(services.map(({ name }) => name).join(', '), services, order);
}

type State =
  | { readonly at: 'stopped' }
  | { readonly at: 'starting'; readonly done: Promise<void>; cancelled: boolean }
  | { readonly at: 'running'; readonly reactor: Reactor }
  /** Asked to quiesce: what is there goes on, and nothing new is added. */
  | { readonly at: 'quiesced'; readonly reactor: Reactor }
  | { readonly at: 'stopping'; readonly done: Promise<void> };

/** What {@link group} and {@link parallel} make. Services may come and go while it runs. */
export class ServiceGroup implements Service {
  readonly name: string;
  readonly #order: Order;
  readonly #members: GroupMember[];
  /** Members taken out that have not stopped yet. */
  readonly #leaving = new Set<Promise<unknown>>();
  #state: State = { at: 'stopped' };

  constructor(name: string, services: readonly Service[], order: Order = 'sequence') {
    this.name = name;
    this.#order = order;
    this.#members = services.map((service) => new GroupMember(service));
  }

  /** The services, in the order they start. */
  get services(): readonly Service[] {
    return this.#members.map(({ service }) => service);
  }

  async start(reactor: Reactor): Promise<void> {
    if (this.#state.at !== 'stopped') throw stateError(this.name, 'start', this.#state.at);
    let finished = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const starting = { at: 'starting' as const, done, cancelled: false };
    this.#state = starting;
    try {
      if (this.#order === 'parallel') {
        await Promise.all(this.#members.map((member) => member.start(reactor)));
      }
      // One that is added meanwhile is started as well.
      for (const member of this.#members) {
        if (starting.cancelled) throw new CancelledError();
        if (!member.running) await member.start(reactor);
      }
      if (starting.cancelled) throw new CancelledError();
      this.#state = { at: 'running', reactor };
    } catch (error) {
      // Whoever waits has to hear why, also when one of them does not stop.
      const stop = (member: GroupMember): PromiseLike<void> =>
        fromPromise(member.stop()).timeout(ROLLBACK_MS, reactor.clock);
      for (const thrown of await this.#stopMembers(stop)) {
        reactor.reports.problem(`${this.name}.stop`, thrown);
      }
      this.#state = { at: 'stopped' };
      if (!starting.cancelled) throw error;
      throw new CancelledError(`Cannot start "${this.name}": it was stopped`, { cause: error });
    } finally {
      finished();
    }
  }

  /**
   * Adds a service at the end. In a running group it is started; if that fails it is not added, and the others go on.
   * @throws UsageError `HAWSER_SERVICE_STATE` if it is in the group already, or the group is being stopped
   */
  async add(service: Service): Promise<void> {
    const { at } = this.#state;
    if (this.#members.some((member) => member.service === service)) {
      throw stateError(service.name, `add to "${this.name}" the`, 'a member already');
    }
    if (at === 'quiesced' || at === 'stopping') throw stateError(this.name, 'add to', at);
    const member = new GroupMember(service);
    this.#members.push(member);
    if (this.#state.at === 'starting') {
      await this.#state.done;
      if (!member.running) {
        this.#forget(member);
        throw new CancelledError(`Cannot add "${service.name}": "${this.name}" did not start`);
      }
    } else if (this.#state.at === 'running') {
      try {
        await member.start(this.#state.reactor);
      } catch (error) {
        this.#forget(member);
        throw error;
      }
    }
  }

  /**
   * Takes a service out, and stops it if it runs. Settles when it has stopped; the others go on. Harmless when the
   * service is not in the group.
   */
  async remove(service: Service, options: RemoveOptions = {}): Promise<DrainReports> {
    if (this.#state.at === 'starting') await this.#state.done;
    const member = this.#members.find((each) => each.service === service);
    if (!member) return {};
    this.#forget(member);
    const state = this.#state;
    const deadline = 'reactor' in state ? state.reactor.clock.now() + (options.graceMs ?? 0) : 0;
    const leaving = member.leave(options.graceMs === undefined ? undefined : deadline);
    this.#leaving.add(leaving);
    try {
      return await leaving;
    } finally {
      this.#leaving.delete(leaving);
    }
  }

  async quiesce(): Promise<void> {
    if (this.#state.at === 'running') this.#state = { ...this.#state, at: 'quiesced' };
    throwAll(await this.#all((member) => member.quiesce()));
  }

  async drain(deadline: number): Promise<DrainReports> {
    const sums = new Map<string, DrainReport>();
    const errors = await this.#all(async (member) => {
      for (const [protocol, { finished, aborted }] of Object.entries(
        await member.drain(deadline),
      )) {
        const sum = sums.get(protocol) ?? { finished: 0, aborted: 0 };
        sums.set(protocol, { finished: sum.finished + finished, aborted: sum.aborted + aborted });
      }
    });
    // The counts of the others are worth more than a throw.
    if ('reactor' in this.#state) {
      for (const error of errors) this.#state.reactor.reports.problem(`${this.name}.drain`, error);
    }
    return Object.fromEntries(sums);
  }

  async stop(): Promise<void> {
    const state = this.#state;
    switch (state.at) {
      case 'stopped':
        return;
      case 'starting': {
        state.cancelled = true;
        // What is starting gives up; the start rolls the rest back.
        const errors = await attemptAll(this.#members.filter(isStarting), stopMember);
        await state.done;
        throwAll(errors);
        return;
      }
      case 'stopping':
        await state.done;
        return;
      case 'running':
      case 'quiesced': {
        const done = this.#stopAll();
        this.#state = { at: 'stopping', done };
        await done;
      }
    }
  }

  async #stopAll(): Promise<void> {
    const errors = await this.#stopMembers();
    // Whoever removed them hears of their errors.
    await Promise.allSettled(this.#leaving);
    this.#state = { at: 'stopped' };
    throwAll(errors);
  }

  describe(): readonly string[] {
    return this.#members.flatMap(({ service }) => service.describe?.() ?? []);
  }

  async #all(ask: (member: GroupMember) => Promise<void>): Promise<unknown[]> {
    return 'reactor' in this.#state ? attemptAll(this.#members, ask) : [];
  }

  async #stopMembers(stop: typeof stopMember = stopMember): Promise<unknown[]> {
    if (this.#order === 'parallel') return attemptAll(this.#members, stop);
    const errors: unknown[] = [];
    for (const member of [...this.#members].reverse()) {
      errors.push(...(await attemptAll([member], stop)));
    }
    return errors;
  }

  #forget(member: GroupMember): void {
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
  }
}

function isStarting(member: GroupMember): boolean {
  return member.starting;
}

function stopMember(member: GroupMember): PromiseLike<void> {
  return member.stop();
}

/** Asks all at the same time, and gives the errors of those that failed. */
async function attemptAll(
  members: readonly GroupMember[],
  ask: (member: GroupMember) => PromiseLike<void>,
): Promise<unknown[]> {
  const asked = await Promise.allSettled(members.map((member) => ask(member)));
  return asked.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}

function throwAll(errors: readonly unknown[]): void {
  if (errors.length > 1) throw new AggregateError(errors, 'Several services failed');
  if (errors.length === 1) throw errors[0];
}
