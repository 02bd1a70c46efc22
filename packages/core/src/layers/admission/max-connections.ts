import { layer } from '../../connection/stack.ts';
import type { Layer } from '../../contract/layer.ts';
import type { Port } from '../../contract/port.ts';

/** Options for {@link maxConnections}. */
export interface MaxConnectionsOptions {
  /**
   * What happens at the limit. `refuse` resets whoever comes. `stop-accepting` lets them wait in the queue of the
   * system, so that clients see a delay and not an error; where a port cannot pause, it refuses.
   * @defaultValue 'refuse'
   */
  readonly policy?: 'refuse' | 'stop-accepting' | undefined;
  /**
   * Once the limit was reached, go on when this few are open, so that a full server does not change its mind with
   * each connection. @defaultValue `limit - 1` to refuse, nine tenths of `limit` to stop accepting
   */
  readonly resumeAt?: number | undefined;
}

/**
 * Lets at most `limit` connections be open; those still in a handshake or being recognised count. One value used in
 * several stacks is one limit for all of them.
 *
 * @throws RangeError if `limit` is no whole number above 0, or `resumeAt` is not between 0 and `limit - 1`
 */
export function maxConnections(limit: number, options: MaxConnectionsOptions = {}): Layer {
  const { policy = 'refuse' } = options;
  const usual = policy === 'refuse' ? limit - 1 : Math.min(limit - 1, Math.floor(limit * 0.9));
  const { resumeAt = usual } = options;
  checkLimits(limit, resumeAt);
  const label = `max(${limit})`;
  const ports = new PausedPorts();
  let open = 0;
  let full = false;

  function closed(): void {
    open -= 1;
    if (!full || open > resumeAt) return;
    full = false;
    ports.resume();
  }

  return layer({
    kind: 'admission',
    label,
    traits: ['limits'],
    build(inner, incoming) {
      if (open >= limit || (full && policy === 'refuse')) {
        incoming.abort({ kind: 'refused', by: label, why: `${open} connections are open` });
        return undefined;
      }
      open += 1;
      incoming.onClose(closed);
      if (open === limit && !full) {
        full = true;
        if (policy === 'stop-accepting') ports.pause();
      }
      return inner.buildProtocol(incoming);
    },
    started: (port) => ports.add(port),
    stopped: (port) => ports.delete(port),
  });
}

function checkLimits(limit: number, resumeAt: number): void {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(
      `Cannot limit connections as the limit must be a whole number > 0: ${limit}`,
    );
  }
  if (!Number.isInteger(resumeAt) || resumeAt < 0 || resumeAt >= limit) {
    throw new RangeError(
      `Cannot limit connections as resumeAt must be a whole number from 0 to ${limit - 1}: ${resumeAt}`,
    );
  }
}

/** The ports that share one limit. They pause and resume together; one that starts meanwhile joins them. */
class PausedPorts {
  readonly #pauses = new Map<Port, Disposable | undefined>();
  #paused = false;

  add(port: Port): void {
    // A layer that stands twice behind one port hears of it twice.
    if (this.#pauses.has(port)) return;
    this.#pauses.set(port, this.#paused ? port.pauseAccepting?.() : undefined);
  }

  delete(port: Port): void {
    this.#pauses.get(port)?.[Symbol.dispose]();
    this.#pauses.delete(port);
  }

  pause(): void {
    this.#paused = true;
    for (const port of this.#pauses.keys()) this.#pauses.set(port, port.pauseAccepting?.());
  }

  resume(): void {
    this.#paused = false;
    const [first, ...others] = [...this.#pauses];
    if (!first) return;
    // The first one goes last the next time, or those who wait on a busy port would keep the others from being served.
    this.#pauses.clear();
    for (const [port] of [...others, first]) this.#pauses.set(port, undefined);
    // A port may let in at once who waits, and so be full again before the next one resumes.
    for (const [, pause] of [first, ...others]) pause?.[Symbol.dispose]();
  }
}
