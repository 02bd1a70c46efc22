/** Adds `name` to the `Vary` field, if it is not covered (RFC 9110 §12.5.5). `name` in lower case. */
export function addVary(headers: Headers, name: string): void {
  const before = headers.get('vary');
  if (before === null || before.trim() === '') {
    headers.set('vary', name);
    return;
  }
  const names = new Set(before.split(',').map((each) => each.trim().toLowerCase()));
  if (!names.has('*') && !names.has(name)) headers.set('vary', `${before}, ${name}`);
}
