/** The words of `text`, which white space parts: for long lists of names. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
