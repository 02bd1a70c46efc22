import type { Decoder } from '../bytes/frame-decoder.ts';
import { BaseProtocol } from '../connection/base-protocol.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';

/**
 * A protocol to extend that gets whole frames instead of bytes. A frame may pause reading: no further one comes before
 * `resumeReading`, even if it is here already. After `close` or `abort` no further one comes.
 *
 * @example
 * class Echo extends FramedProtocol {
 *   constructor() {
 *     super(new NetstringDecoder({ maxBytes: 1024 }));
 *   }
 *   frameReceived(frame: Buffer): void {
 *     this.transport.write(encodeNetstring(frame));
 *   }
 * }
 */
export abstract class FramedProtocol<Frame = Buffer> extends BaseProtocol {
  readonly #decoder: Decoder<Frame>;
  #delivering = false;
  #handedOn = false;

  constructor(decoder: Decoder<Frame>) {
    super();
    this.#decoder = decoder;
  }

  override connectionMade(transport: Transport): void {
    // The protocol it was handed to may hand it back, after some raw bytes.
    this.#handedOn = false;
    super.connectionMade(transport);
  }

  /** One whole frame. */
  abstract frameReceived(frame: Frame): void;

  /** Bytes of a frame that is not complete. */
  get buffered(): number {
    return this.#decoder.buffered;
  }

  /** Gives the connection to `next`, with the bytes that are in no frame yet. Use it instead of the transport's own. */
  handTo(next: Protocol): void {
    this.#handedOn = true;
    this.transport.handTo(next, this.#decoder.rest());
  }

  dataReceived(data: Buffer): void {
    this.#decoder.push(data);
    // A frame may cause more data, where a test or a layer hands it in directly: the loop below is still running.
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      this.#deliver();
    } finally {
      this.#delivering = false;
    }
  }

  #deliver(): void {
    while (this.transport.reading) {
      const frame = this.#decoder.next();
      if (frame === undefined) return;
      this.frameReceived(frame);
      if (this.#handedOn) return;
    }
    this.#putBack();
  }

  /** Paused in the middle of a chunk: the transport keeps the rest of it, and gives it back when it is resumed. */
  #putBack(): void {
    if (this.#decoder.buffered === 0) return;
    this.transport.handTo(introduced(this), this.#decoder.rest());
    this.transport.pauseReading();
  }
}

/** `protocol` as one that has had its `connectionMade`. */
function introduced(protocol: Protocol): Protocol {
  const same: Protocol = {
    dataReceived: (data) => protocol.dataReceived(data),
    readEnded: () => protocol.readEnded?.(),
    writeDrained: () => protocol.writeDrained?.(),
    connectionLost: (reason) => protocol.connectionLost?.(reason),
  };
  if (protocol.drainRequested) {
    same.drainRequested = (deadline) => protocol.drainRequested?.(deadline);
  }
  return same;
}
