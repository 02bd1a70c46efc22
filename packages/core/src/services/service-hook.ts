import { enter, type Guard } from '../connection/entry.ts';
import { EntryContext } from '../connection/entry-context.ts';
import type { Context } from '../contract/context.ts';
import type { Service } from '../contract/service.ts';
import { Deferred } from '../deferred/deferred.ts';

const contexts = new WeakMap<object, Context>();

/** The context that the hooks of a service run in, named after it. One for as long as the service exists. */
function serviceContext(service: Pick<Service, 'name'>): Context {
  let context = contexts.get(service);
  if (!context) {
    context = new EntryContext(service.name);
    contexts.set(service, context);
  }
  return context;
}

/** Calls a hook of `service` inside its context. A throw is a rejection like any other. */
export function callService<R>(
  service: Pick<Service, 'name'>,
  hook: string,
  call: () => R | PromiseLike<R>,
): Deferred<R> {
  const guard = new HookGuard(serviceContext(service));
  const result = enter(guard, hook, run<R | PromiseLike<R>>, call);
  const answer = new Deferred<R>({ where: `${service.name}.${hook}` });
  if (guard.failure) answer.reject(guard.failure.thrown);
  else answer.resolve(result as R | PromiseLike<R>);
  return answer;
}

/** Keeps what was thrown, for whoever waits for the result. */
class HookGuard implements Guard {
  readonly context: Context;
  failure: { readonly thrown: unknown } | undefined;

  constructor(context: Context) {
    this.context = context;
  }

  failed(_hook: string, thrown: unknown): void {
    this.failure = { thrown };
  }
}

function run<R>(_: HookGuard, call: () => R): R {
  return call();
}
