/** Twice as many keys for each. */
export const BLOCKS = 10;
const digits = 'abcdefghijklmnopqrstuvwxyz012345';

/** Keys that 32 bits of FNV-1a do not tell apart: two blocks of five letters lead to one state, and so on from there. */
export function collidingKeys(): string[] {
  const step = (state: number, text: string): number => {
    let hash = state;
    for (let at = 0; at < text.length; at++)
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    return hash;
  };
  let state = 0x811c9dc5;
  let labels = [''];
  for (let block = 0; block < BLOCKS; block++) {
    const known = new Map<number, string>();
    for (let count = 0; ; count++) {
      const number = Math.imul(count, 0x9e3779b1) >>> 7;
      const text = [20, 15, 10, 5, 0].map((shift) => digits[(number >> shift) & 31]).join('');
      const reached = step(state, text);
      const other = known.get(reached);
      if (other !== undefined) {
        labels = labels.flatMap((label) => [label + other, label + text]);
        state = reached;
        break;
      }
      known.set(reached, text);
    }
  }
  // The map knows nothing of labels.
  return labels.map((label) => `${label}\0`);
}
