/** The tag of the key with this DNSKEY data (RFC 4034 Appendix B): a checksum, so that several keys may share it. */
export function keyTagOf(dnskey: Uint8Array): number {
  let sum = 0;
  for (const [index, octet] of dnskey.entries()) sum += index & 1 ? octet : octet << 8;
  return (sum + (sum >>> 16)) & 0xffff;
}
