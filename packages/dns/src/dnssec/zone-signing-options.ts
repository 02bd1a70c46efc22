import type { Name } from '../name.ts';
import type { KeyAlgorithm } from './algorithm.ts';
import type { DigestType } from './delegation-signer.ts';
import type { ParentDs } from './parent-ds.ts';
import type { SignatureTimes } from './signature-terms.ts';
import type { SigningKey } from './signing-key.ts';

/** Options for `zoneSigning`. */
export interface ZoneSigningOptions extends SignatureTimes {
  /** Of the keys a zone begins with; `rollover({ algorithm })` changes it later. @defaultValue `"ECDSAP256SHA256"` */
  readonly algorithm?: KeyAlgorithm | undefined;
  /** `csk`: one key for everything. `ksk-zsk`: one for the keys, and one for the rest. A zone that has keys stays as it is. @defaultValue `"csk"` */
  readonly style?: 'csk' | 'ksk-zsk' | undefined;
  /** Keys a zone begins with that has none in its store. @defaultValue new ones */
  readonly keys?: readonly SigningKey[] | undefined;
  /** TTL of the keys, in seconds. @defaultValue 3600 */
  readonly keyTtl?: number | undefined;
  /** Digests of CDS records: 2 is SHA-256, 4 is SHA-384. @defaultValue [2] */
  readonly digests?: readonly DigestType[] | undefined;
  /** How long it takes until all servers of the zone have a change, in seconds. @defaultValue 3600 */
  readonly propagationSeconds?: number | undefined;
  /**
   * Looks up the DS records the parent has, `undefined` if it has none: `parentDsFrom(client)`. Without it keys wait for
   * `parentUpdated`. What it throws is reported, and it is asked again, as it is when it takes longer than a minute.
   */
  readonly parentDs?: ((origin: Name) => PromiseLike<ParentDs | undefined>) | undefined;
  /** Seconds between questions to the parent while something depends on it. @defaultValue 300 */
  readonly parentCheckSeconds?: number | undefined;
}
