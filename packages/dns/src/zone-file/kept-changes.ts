// The last changes of a zone in memory, for those who have an older copy (RFC 1995).
import { sizeOfChanges } from '../store/stored-size.ts';
import type { ChangeSet } from '../zone/zone.ts';

/** Changes in a row, up to a number and a size; the oldest go first. */
export class KeptChanges {
  readonly #maxChanges: number;
  readonly #maxBytes: number;
  #changes: { readonly changeSet: ChangeSet; readonly bytes: number }[] = [];
  #bytes = 0;

  constructor({
    maxChanges,
    maxBytes,
  }: { readonly maxChanges: number; readonly maxBytes: number }) {
    this.#maxChanges = maxChanges;
    this.#maxBytes = maxBytes;
  }

  add(changeSet: ChangeSet): void {
    const bytes = sizeOfChanges(changeSet.changes);
    this.#changes.push({ changeSet, bytes });
    this.#bytes += bytes;
    while (this.#changes.length > this.#maxChanges || this.#bytes > this.#maxBytes) {
      this.#bytes -= this.#changes.shift()?.bytes ?? 0;
    }
  }

  /** The changes since `serial`, which is not the newest; undefined if they are not all kept. */
  since(serial: number): readonly ChangeSet[] | undefined {
    const first = this.#changes.findIndex(({ changeSet }) => changeSet.from === serial);
    return first < 0 ? undefined : this.#changes.slice(first).map(({ changeSet }) => changeSet);
  }
}
