/**
 * The tags of an `If-Match` or `If-None-Match` field (RFC 9110 §8.8.3): `'*'`, or a list. What is not in order ends the
 * list: a tag that cannot be read matches nothing.
 */
export function parseEntityTags(value: string): '*' | readonly string[] {
  if (value.trim() === '*') return '*';
  const tags: string[] = [];
  const next = /[\t ,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?=,|$)/y;
  for (let found = next.exec(value); found; found = next.exec(value)) tags.push(found[1] ?? '');
  return tags;
}

/** Whether both say byte for byte the same content (RFC 9110 §8.8.3.2). Weak tags never do. */
export function strongMatch(one: string, other: string): boolean {
  return one === other && !one.startsWith('W/');
}

/** Whether both say content of the same meaning (RFC 9110 §8.8.3.2). */
export function weakMatch(one: string, other: string): boolean {
  return opaque(one) === opaque(other);
}

/** The tag for content that means the same and has other bytes, such as after compression. */
export function weaken(tag: string): string {
  return tag.startsWith('W/') ? tag : `W/${tag}`;
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
