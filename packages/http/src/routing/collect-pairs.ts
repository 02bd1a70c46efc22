const MAX_FIELDS = 1_000;

/** More than 1,000 fields in a form or query, or one that nobody sends in good faith. */
export class UnfitFields extends Error {
  override readonly name = 'UnfitFields';
}

/**
 * An object without a prototype: each name has its value, or a list of its values if it was there more than once.
 *
 * @throws UnfitFields
 */
export function collectPairs<Value extends string | object>(
  pairs: Iterable<readonly [string, Value]>,
): Record<string, Value | Value[]> {
  const fields: Record<string, Value | Value[]> = Object.create(null);
  let count = 0;
  for (const [name, value] of pairs) {
    // It becomes the prototype of whatever is copied from the object.
    if (name === '__proto__') throw new UnfitFields('It has a field "__proto__"');
    count += 1;
    if (count > MAX_FIELDS) throw new UnfitFields(`It has more than ${MAX_FIELDS} fields`);
    const before = fields[name];
    if (before === undefined) fields[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else fields[name] = [before, value];
  }
  return fields;
}
