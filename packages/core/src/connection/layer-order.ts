/**
 * What makes the place of a layer matter:
 *
 * - `limits`: it counts connections, and is to count those in a handshake as well.
 * - `judgesPeer`: it decides by the address of the client.
 * - `reportsPeer`: it reads, in front of all bytes, what address the client has.
 */
export type LayerTrait = 'limits' | 'judgesPeer' | 'reportsPeer';

/** What is known of a layer in a stack. */
export interface PlacedLayer {
  readonly label: string;
  readonly traits: readonly LayerTrait[];
  /** What is above it sees other bytes than the wire carries. */
  readonly changesBytes: boolean;
}

/** What is nearly always wrong about `lower` standing nearer the wire than each of `uppers`. */
export function orderWarnings(lower: PlacedLayer, uppers: readonly PlacedLayer[]): string[] {
  return uppers.flatMap((upper) => {
    const order = `Cannot be meant: "${lower.label}" stands nearer the wire than "${upper.label}"`;
    const warnings: string[] = [];
    if (lower.changesBytes && upper.traits.includes('reportsPeer')) {
      warnings.push(`${order}, but a proxy sends its header before everything else`);
    }
    if (lower.changesBytes && upper.traits.includes('limits')) {
      warnings.push(`${order}, so connections in a handshake are not limited`);
    }
    if (lower.traits.includes('judgesPeer') && upper.traits.includes('reportsPeer')) {
      warnings.push(`${order}, so it judges the proxy in place of the client`);
    }
    return warnings;
  });
}
