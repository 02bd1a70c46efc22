import { layer } from '../../connection/stack.ts';
import type { CloseReason } from '../../contract/close-reason.ts';
import type { Incoming } from '../../contract/factory.ts';
import type { Layer } from '../../contract/layer.ts';

/** Numbers about connections since the layer was made. */
export interface ConnectionCounts {
  readonly open: number;
  /** All that ever came, refused ones included. */
  readonly total: number;
  /** How those that are gone ended. */
  readonly ended: Readonly<Record<CloseReason['kind'], number>>;
  /** Who refused how many: layers by their label, such as `"max(100)"`, and factories by name. */
  readonly refused: Readonly<Record<string, number>>;
  /** Bytes of all connections, with what the open ones have by now. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** A layer that counts what passes it. */
export interface ConnectionCounters extends Layer {
  /** The numbers by now. Asks each open connection for its bytes. */
  read(): ConnectionCounts;
}

/** More names than layers and factories have: beyond, refusals are counted as `"other"`. */
const MAX_NAMES = 64;

/**
 * Counts connections, their bytes and how they ended. Nearest the wire it sees all of them. One value used in several
 * stacks counts them together.
 *
 * @example
 * const counters = connectionCounters();
 * serve('tcp://:7000', stack(counters, maxConnections(1000))(app));
 * counters.read().open;
 */
export function connectionCounters(): ConnectionCounters {
  const counts = new Counts();
  const counting = layer({
    kind: 'observer',
    label: 'count',
    build(inner, incoming) {
      counts.add(incoming);
      return inner.buildProtocol(incoming);
    },
  });
  return Object.assign(counting, { read: () => counts.read() });
}

class Counts {
  readonly #open = new Set<Incoming>();
  readonly #ended: Record<CloseReason['kind'], number> = {
    done: 0,
    reset: 0,
    aborted: 0,
    timeout: 0,
    refused: 0,
    protocol: 0,
    shutdown: 0,
  };
  readonly #refused = new Map<string, number>();
  #total = 0;
  /** Of connections that are gone. */
  #bytesRead = 0;
  #bytesWritten = 0;

  add(incoming: Incoming): void {
    this.#total += 1;
    this.#open.add(incoming);
    incoming.onClose((reason) => this.#gone(incoming, reason));
  }

  read(): ConnectionCounts {
    let [bytesRead, bytesWritten] = [this.#bytesRead, this.#bytesWritten];
    for (const each of this.#open) {
      bytesRead += each.bytesRead;
      bytesWritten += each.bytesWritten;
    }
    return {
      open: this.#open.size,
      total: this.#total,
      ended: { ...this.#ended },
      refused: Object.fromEntries(this.#refused),
      bytesRead,
      bytesWritten,
    };
  }

  #gone(incoming: Incoming, reason: CloseReason): void {
    this.#open.delete(incoming);
    this.#bytesRead += incoming.bytesRead;
    this.#bytesWritten += incoming.bytesWritten;
    this.#ended[reason.kind] += 1;
    if (reason.kind !== 'refused') return;
    const known = this.#refused.has(reason.by) || this.#refused.size < MAX_NAMES;
    const name = known ? reason.by : 'other';
    this.#refused.set(name, (this.#refused.get(name) ?? 0) + 1);
  }
}
