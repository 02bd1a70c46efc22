import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { succeed } from '../deferred/succeed.ts';
import { CancelledError, UsageError } from '../errors.ts';
import { group } from './group.ts';
import { callService } from './service-hook.ts';

/** What {@link MakeServices} gives. Several are started in order, as by `group`. */
export type Services = Service | readonly Service[];

/**
 * Makes services with the reactor they will run in. It may open what they need first, such as a database; what it throws
 * is a failed start. What it gives after the application was told to stop is stopped without having been started.
 */
export type MakeServices = (reactor: Reactor) => Services | PromiseLike<Services>;

/** Services that are made when they are to start. A function that is a service already is one. */
export function asService(services: Service | MakeServices): Service {
  return isService(services) ? services : new MadeServices(services);
}

class MadeServices implements Service {
  readonly name = 'application';
  readonly #make: MakeServices;
  #making: Deferred<Services> | undefined;
  #made: Service | undefined;

  constructor(make: MakeServices) {
    this.#make = make;
  }

  async start(reactor: Reactor): Promise<void> {
    const making = (async () => this.#make(reactor))();
    this.#making = fromPromise(making);
    const made: unknown = await this.#making.addErrback((error) => {
      if (error instanceof CancelledError) void stopLate(making, reactor);
      throw error;
    });
    const all: readonly unknown[] = Array.isArray(made) ? made : [made];
    const wrong = all.find((each) => !isService(each));
    if (wrong !== undefined || all.includes(undefined)) {
      throw new UsageError(
        'HAWSER_SERVICE_STATE',
        `Cannot start as the function that makes services must give a service or a list of them: ${describe(wrong)}`,
      );
    }
    this.#made = group(...(all as readonly Service[]));
    await this.#made.start(reactor);
  }

  quiesce(): PromiseLike<void> {
    return this.#made?.quiesce?.() ?? succeed();
  }

  drain(deadline: number): PromiseLike<DrainReports> {
    return this.#made?.drain?.(deadline) ?? succeed({});
  }

  stop(): PromiseLike<void> {
    this.#making?.cancel('stopped while services were made');
    return this.#made?.stop() ?? succeed();
  }

  describe(): readonly string[] {
    return this.#made?.describe?.() ?? [];
  }
}

/** Nobody waits for them any more, but what they hold is open. */
async function stopLate(making: Promise<unknown>, reactor: Reactor): Promise<void> {
  const made = await making.catch(() => []);
  const services = (Array.isArray(made) ? made : [made]).filter((each) => isService(each));
  for (const service of services.reverse()) {
    try {
      await callService(service, 'stop', () => service.stop());
    } catch (thrown) {
      reactor.reports.problem(`${service.name}.stop`, thrown);
    }
  }
}

function isService(value: unknown): value is Service {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'start' in value && 'stop' in value;
}

function describe(value: unknown): string {
  return typeof value === 'function' ? 'a function' : String(value);
}
