/** How much of the past a store keeps where nobody says otherwise. */
export const DEFAULT_JOURNAL: { readonly maxChanges: number; readonly maxBytes: number } = {
  maxChanges: 1000,
  maxBytes: 16 * 1024 * 1024,
};
