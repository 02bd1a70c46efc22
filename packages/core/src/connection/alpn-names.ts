/** Makes sure that `names` can be offered by ALPN (RFC 7301 §3.1). @throws TypeError if one has not 1 to 255 bytes */
export function checkAlpnNames(names: readonly string[]): void {
  for (const name of names) {
    const bytes = Buffer.byteLength(name);
    if (bytes >= 1 && bytes <= 255) continue;
    throw new TypeError(`Cannot offer a protocol name as it must have 1 to 255 bytes: ${bytes}`);
  }
}
