import type { DrainReport } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import { CancelledError } from '../errors.ts';
import { stateError } from './state-error.ts';

/**
 * Several services as one: started in order, quiesced and drained together, stopped in reverse. When one fails to
 * start, those before it are stopped again. One that fails to quiesce or to stop does not keep the others from it; its
 * error is thrown when all have ended, several as an `AggregateError`.
 */
export function group(name: string, ...services: readonly Service[]): Service;
export function group(...services: readonly Service[]): Service;
export function group(first?: string | Service, ...rest: readonly Service[]): Service {
  if (typeof first === 'string') return new Group(first, rest);
  const services = first ? [first, ...rest] : rest;
  return new Group(services.map((service) => service.name).join(', '), services);
}

type State =
  | { readonly at: 'stopped' }
  | {
      readonly at: 'starting';
      readonly done: Promise<void>;
      current: Service | undefined;
      cancelled: boolean;
    }
  | { readonly at: 'running'; readonly reactor: Reactor }
  | { readonly at: 'stopping'; readonly done: Promise<void> };

class Group implements Service {
  readonly name: string;
  readonly #services: readonly Service[];
  #state: State = { at: 'stopped' };

  constructor(name: string, services: readonly Service[]) {
    this.name = name;
    this.#services = services;
  }

  async start(reactor: Reactor): Promise<void> {
    if (this.#state.at !== 'stopped') throw stateError(this.name, 'start', this.#state.at);
    let finished = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const starting = {
      at: 'starting' as const,
      done,
      current: undefined as Service | undefined,
      cancelled: false,
    };
    this.#state = starting;
    const started: Service[] = [];
    try {
      for (const service of this.#services) {
        starting.current = service;
        await service.start(reactor);
        started.push(service);
        if (starting.cancelled)
          throw new CancelledError(`Cannot start "${this.name}": it was stopped`);
      }
      this.#state = { at: 'running', reactor };
    } catch (error) {
      for (const thrown of await stopInReverse(started)) {
        reactor.reports.problem(`${this.name}.stop`, thrown);
      }
      this.#state = { at: 'stopped' };
      throw error;
    } finally {
      finished();
    }
  }

  async quiesce(): Promise<void> {
    throwAll(await this.#all((service) => service.quiesce?.()));
  }

  async drain(deadline: number): Promise<DrainReports> {
    const sums: Record<string, DrainReport> = {};
    const errors = await this.#all(async (service) => {
      const reports = (await service.drain?.(deadline)) ?? {};
      for (const [protocol, report] of Object.entries(reports)) {
        const sum = sums[protocol] ?? { finished: 0, aborted: 0 };
        sums[protocol] = {
          finished: sum.finished + report.finished,
          aborted: sum.aborted + report.aborted,
        };
      }
    });
    // The counts of the others are worth more than a throw.
    if (this.#state.at === 'running') {
      for (const error of errors) this.#state.reactor.reports.problem(`${this.name}.drain`, error);
    }
    return sums;
  }

  async stop(): Promise<void> {
    const state = this.#state;
    switch (state.at) {
      case 'stopped':
        return;
      case 'starting':
        state.cancelled = true;
        await state.current?.stop();
        await state.done;
        return;
      case 'stopping':
        await state.done;
        return;
      case 'running': {
        const done = this.#stopAll();
        this.#state = { at: 'stopping', done };
        await done;
      }
    }
  }

  async #stopAll(): Promise<void> {
    const errors = await stopInReverse(this.#services);
    this.#state = { at: 'stopped' };
    throwAll(errors);
  }

  describe(): readonly string[] {
    return this.#services.flatMap((service) => service.describe?.() ?? []);
  }

  async #all(ask: (service: Service) => PromiseLike<unknown> | undefined): Promise<unknown[]> {
    if (this.#state.at !== 'running') return [];
    const errors: unknown[] = [];
    const asked = this.#services.map(async (service) => {
      try {
        await ask(service);
      } catch (thrown) {
        errors.push(thrown);
      }
    });
    await Promise.all(asked);
    return errors;
  }
}

async function stopInReverse(services: readonly Service[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const service of [...services].reverse()) {
    try {
      await service.stop();
    } catch (thrown) {
      errors.push(thrown);
    }
  }
  return errors;
}

function throwAll(errors: readonly unknown[]): void {
  if (errors.length > 1) throw new AggregateError(errors, 'Several services failed');
  if (errors.length === 1) throw errors[0];
}
