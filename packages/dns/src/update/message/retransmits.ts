import type { Outcome } from '../../contract/answer.ts';
import type { DnsQuery } from '../../contract/query.ts';
import { Rcode } from '../../numbers.ts';

/** How long after it came a datagram is known again. Clients give up after that. */
const REMEMBERED_MS = 30_000;
const MAX_REMEMBERED = 1000;
/** Longest message remembered. Longer ones do not come in one piece over UDP. */
const MAX_BYTES = 4096;

interface Remembered {
  readonly outcome: Promise<Outcome>;
  readonly at: number;
}

/**
 * Knows an UPDATE without a signature that comes a second time over UDP because its reply was late or lost: it is answered as
 * the first one, and not made again, which would find its own prerequisites broken. Signed ones the server itself knows again,
 * by what cannot be forged.
 */
export class Retransmits {
  readonly #known = new Map<string, Remembered>();

  /** What became of the same datagram of the same client; otherwise `act`, and what it gives. */
  once(query: DnsQuery, act: () => Promise<Outcome>): Promise<Outcome> {
    const { transport, tsigKey, client } = query;
    const { bytes } = query.message;
    if (transport !== 'udp' || tsigKey !== undefined || bytes.length > MAX_BYTES) return act();
    if (!('host' in client)) return act();
    const { clock } = query.reactor;
    const now = clock.now();
    this.#forget((oldest) => oldest.at <= now - REMEMBERED_MS);
    const id = `${client.host} ${client.port} ${bytes.toString('latin1')}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known.outcome;
    const outcome = act();
    this.#forget(() => this.#known.size >= MAX_REMEMBERED);
    this.#known.set(id, { outcome, at: now });
    outcome.then(
      (became) => {
        // What failed was not made, and may be tried again.
        if (became.kind === 'answer' && became.rcode === Rcode.ServFail) this.#known.delete(id);
      },
      () => void this.#known.delete(id),
    );
    return outcome;
  }

  /** The oldest are first in the map. */
  #forget(isTooMuch: (oldest: Remembered) => boolean): void {
    for (const [id, oldest] of this.#known) {
      if (!isTooMuch(oldest)) return;
      this.#known.delete(id);
    }
  }
}
