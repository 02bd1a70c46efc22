import { usageError } from '../errors.ts';
import type { VerifiedTsig } from './verify.ts';

/** Options for {@link ReplayMemory}. */
export interface ReplayMemoryOptions {
  /** Requests remembered; the oldest is forgotten first. @defaultValue 1024 */
  readonly maxEntries?: number | undefined;
  /** Octets of all replies remembered. @defaultValue 1 MiB */
  readonly maxBytes?: number | undefined;
}

/** What is known of a request: nothing, that it is being worked on, or its reply. */
export type Replay = 'new' | 'pending' | Buffer;

/**
 * Remembers signed requests that change something, and what was replied. Over UDP a client sends its UPDATE again if the reply
 * is late, and anybody who saw it can, over TCP as well; neither may have it done twice.
 */
export class ReplayMemory {
  readonly #replies = new Map<string, Buffer | undefined>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #bytes = 0;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` */
  constructor(options: ReplayMemoryOptions = {}) {
    const { maxEntries = 1024, maxBytes = 1_048_576 } = options;
    if (!(maxEntries >= 1) || !(maxBytes >= 0)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot remember ${maxEntries} requests and ${maxBytes} octets of replies`,
      );
    }
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#replies.size;
  }

  /**
   * What is known of `request`. If that is nothing, it is being worked on from now on, until {@link ReplayMemory.finish} or
   * {@link ReplayMemory.forget}.
   */
  begin(request: VerifiedTsig): Replay {
    const key = identity(request);
    if (this.#replies.has(key)) return this.#replies.get(key) ?? 'pending';
    this.#replies.set(key, undefined);
    this.#trim();
    return 'new';
  }

  /** Remembers the reply, which must not be changed any more. */
  finish(request: VerifiedTsig, reply: Buffer): void {
    const key = identity(request);
    this.#drop(key);
    this.#replies.set(key, reply);
    this.#bytes += reply.length;
    this.#trim();
  }

  /** Forgets `request`: nothing was changed, and the client may try again. */
  forget(request: VerifiedTsig): void {
    this.#drop(identity(request));
  }

  #trim(): void {
    for (const oldest of this.#replies.keys()) {
      if (this.#replies.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#replies.get(key)?.length ?? 0;
    this.#replies.delete(key);
  }
}

function identity({ key, record }: VerifiedTsig): string {
  return `${key.name.key}${record.time}/${record.originalId}/${record.mac.toString('latin1')}`;
}
