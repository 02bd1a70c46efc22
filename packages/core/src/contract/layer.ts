import type { Factory } from './factory.ts';

/**
 * What a layer costs once a connection runs: `admission` and `preamble` nothing, `observer` a lazy timer, `transform`
 * a call for each chunk. All but `transform` keep the socket below them detachable.
 */
export type LayerKind = 'admission' | 'preamble' | 'observer' | 'transform';

/** Something between the wire and a protocol. In `stack(a, b)(factory)` the first layer is nearest the wire. */
export interface Layer {
  (inner: Factory): Factory;
  readonly kind: LayerKind;
  /** How a port prints it, such as `"idle(60000)"`. */
  readonly label: string;
}
