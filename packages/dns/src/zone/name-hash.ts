/** FNV-1a of a {@link Name.key} in 30 bits, mixed so that the low ones are as good as the others. */
export function hashOf(key: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193);
  return (hash ^ (hash >>> 15)) & (2 ** HASH_BITS - 1);
}

/** Bits of {@link hashOf}. */
export const HASH_BITS = 30;
