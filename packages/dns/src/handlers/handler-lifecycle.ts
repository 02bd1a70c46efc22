// Handlers hear once that a server with them runs, however often they are in it: a zone may be in two views.
import type { Reactor } from '@hawser/core';
import type { DnsHandler, DnsHandlerObject, Eventually } from '../contract/handler.ts';

interface Use {
  users: number;
  readonly starting: Promise<void>;
}

const uses = new WeakMap<DnsHandlerObject, Use>();
/** Those that are being told that it is over: whoever uses one again waits until it knows. */
const endings = new WeakMap<DnsHandlerObject, Promise<void>>();

/**
 * Tells `handlers` that they are used, one after the other, unless somebody else uses them already. If one fails, those
 * before it are told that it is over. Each start needs a {@link stopHandlers}.
 */
export async function startHandlers(
  handlers: readonly DnsHandler[],
  reactor: Reactor,
): Promise<void> {
  const started: DnsHandler[] = [];
  for (const handler of handlers) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one may need what an earlier one has read
      await start(handler, reactor);
    } catch (error) {
      // oxlint-disable-next-line no-await-in-loop -- the end of the loop
      await stopHandlers(started);
      throw error;
    }
    started.push(handler);
  }
}

/** Tells those of `handlers` that nobody uses any more. */
export async function stopHandlers(handlers: readonly DnsHandler[]): Promise<void> {
  await Promise.all(handlers.map(async (handler) => stop(handler)));
}

async function start(handler: DnsHandler, reactor: Reactor): Promise<void> {
  if (typeof handler === 'function') return;
  let use = uses.get(handler);
  if (use === undefined) {
    const begin = (): Eventually<void> => handler.started?.(reactor);
    const starting = endings.get(handler)?.then(begin) ?? Promise.resolve(begin());
    use = { users: 0, starting };
    uses.set(handler, use);
  }
  use.users++;
  try {
    await use.starting;
  } catch (error) {
    release(handler, use);
    throw error;
  }
}

async function stop(handler: DnsHandler): Promise<void> {
  if (typeof handler === 'function') return;
  const use = uses.get(handler);
  if (use === undefined || !release(handler, use)) return;
  const stopping = Promise.resolve(handler.stopped?.());
  const ending = stopping
    .catch(() => {})
    .finally(() => {
      if (endings.get(handler) === ending) endings.delete(handler);
    });
  endings.set(handler, ending);
  await stopping;
}

/** True for the last user. */
function release(handler: DnsHandlerObject, use: Use): boolean {
  use.users--;
  if (use.users > 0) return false;
  uses.delete(handler);
  return true;
}
