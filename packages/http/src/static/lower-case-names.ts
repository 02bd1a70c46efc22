/** Fields by their names in lower case, so that one of the caller takes the place of one of ours. */
export function lowerCaseNames(
  fields: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
