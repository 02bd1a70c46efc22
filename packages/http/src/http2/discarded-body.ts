import type { OutgoingBody } from '../contract/body.ts';
import type { StreamHost } from './stream-host.ts';

/** The body of an answer that has none: what is written to it nobody will see. */
export class DiscardedBody implements OutgoingBody {
  readonly #host: Pick<StreamHost, 'guarded'>;

  constructor(host: Pick<StreamHost, 'guarded'>) {
    this.#host = host;
  }
  write(): boolean {
    return true;
  }
  onceDrained(listener: () => void): void {
    process.nextTick(() => this.#host.guarded(listener));
  }
  end(): void {}
  abort(): void {}
}
