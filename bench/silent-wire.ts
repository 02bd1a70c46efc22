import type { Address, Wire, WireEvents } from '@hawser/core';

/** A wire that takes everything and does nothing, so that only what stands above it costs. */
export class SilentWire implements Wire {
  readonly local: Address = { kind: 'memory', name: 'bench' };
  readonly peer: Address = { kind: 'memory', name: 'bench' };
  readonly highWaterMark = 65_536;
  readonly pendingBytes = 0;
  bytesRead = 0;
  bytesWritten = 0;
  #events: WireEvents | undefined;

  open(events: WireEvents): void {
    this.#events = events;
  }

  /** A chunk comes from the peer. */
  receive(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.#events?.wireData(chunk);
  }

  write(list: readonly Uint8Array[]): void {
    for (const data of list) this.bytesWritten += data.length;
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
  reset(): void {}
}
