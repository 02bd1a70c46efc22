// Numbers that text may give by a name.
import type { Field } from './field.ts';
import { numberField, readCount, widths } from './number-fields.ts';

/** A number that text may give by a name of `names`, and that is printed as a number unless `printNames` is set. */
export function mnemonic(
  width: keyof typeof widths,
  names: Readonly<Record<string, number>>,
  printNames = false,
): Field {
  const byNumber = new Map(Object.entries(names).map(([name, value]) => [value, name]));
  return numberField(widths[width], {
    read: (words) => {
      words.take();
      const name = words.text().toUpperCase();
      if (Object.hasOwn(names, name)) return names[name] ?? 0;
      words.untake();
      return readCount(words, widths[width].max);
    },
    print: (value) => (printNames ? (byNumber.get(value) ?? String(value)) : String(value)),
  });
}

const algorithmNames = {
  DELETE: 0,
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECCGOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
} as const;

/** A DNSSEC algorithm (RFC 4034 appendix A.1). */
export const algorithm: Field = mnemonic('u8', algorithmNames);

/** The kind of a certificate (RFC 4398 §2.1). */
export const certificateType: Field = mnemonic(
  'u16',
  {
    PKIX: 1,
    SPKI: 2,
    PGP: 3,
    IPKIX: 4,
    ISPKI: 5,
    IPGP: 6,
    ACPKIX: 7,
    IACPKIX: 8,
    URI: 253,
    OID: 254,
  },
  true,
);
