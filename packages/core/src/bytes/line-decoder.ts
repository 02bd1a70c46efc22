import { FrameDecoder } from './frame-decoder.ts';
import { LineCutter, type LineOptions } from './line-cutter.ts';

/** Options for {@link LineDecoder}. */
export type LineDecoderOptions = LineOptions;

/**
 * Cuts bytes into lines. `for (const line of decoder.push(chunk))` gives every line that is complete, without its
 * ending; leaving the loop early keeps the rest for the next push, or for {@link rest}. No byte is looked at twice, so
 * a peer that sends single bytes costs no more than one that does not. A line that is too long is a `ProtocolError`
 * `HAWSER_LINE_TOO_LONG`.
 */
export class LineDecoder extends FrameDecoder {
  readonly #cutter: LineCutter;

  constructor(options: LineDecoderOptions) {
    const cutter = new LineCutter(options);
    super((queue) => cutter.cut(queue));
    this.#cutter = cutter;
  }

  override rest(): Buffer {
    this.#cutter.restart();
    return super.rest();
  }
}
