// Roughly what was asked lately, in a fixed piece of memory for all zones together.

/** As many as answers are kept, or what is asked in turn and too much to keep would be kept for nothing all the time. */
const SLOTS = 0x4000;
const seen = new Uint32Array(SLOTS);

/**
 * True if this was asked before, and not so much else since then. What is asked once, such as random names, is not worth
 * keeping: remembering it costs more than finding it again. `salt` tells zones and kinds of question apart. Sometimes wrong.
 */
export function askedBefore(key: string, salt: number): boolean {
  let hash = salt | 0;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = (hash ^ (hash >>> 15)) >>> 0;
  const slot = hash & (SLOTS - 1);
  if (seen[slot] === hash) return true;
  seen[slot] = hash;
  return false;
}
