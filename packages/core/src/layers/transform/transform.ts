import { layer } from '../../connection/stack.ts';
import {
  type Transformation,
  type TransformControl,
  TransformWire,
} from '../../connection/transform-wire.ts';
import type { Layer } from '../../contract/layer.ts';

/**
 * Makes a layer that sees, and may change, every byte of a connection in both directions.
 *
 * @example const upper = transform('upper', () => ({ received: (data) => Buffer.from(String(data).toUpperCase()) }))
 */
export function transform(
  label: string,
  make: (control: TransformControl) => Transformation,
): Layer {
  return layer({
    kind: 'transform',
    label,
    build: (inner, incoming) => new TransformWire(inner, incoming, make),
  });
}
