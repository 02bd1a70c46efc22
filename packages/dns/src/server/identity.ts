// What a server says about itself, if it is to: TXT of class CH (RFC 4892).
import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { encodeRdata } from '../rdata/encode-rdata.ts';
import type { Rdata } from '../rdata/rdata.ts';

/** How a server calls itself. What is left out is refused. */
export interface ServerIdentity {
  /** `id.server` and `hostname.bind`, and the NSID option (RFC 5001). Up to 255 octets. */
  readonly serverId?: string | undefined;
  /** `version.server` and `version.bind`. Up to 255 octets. */
  readonly version?: string | undefined;
}

/**
 * The TXT of class CH by the key of its name.
 * @throws UsageError `HAWSER_DNS_RDATA` for a text over 255 octets
 */
export function identityTexts({ serverId, version }: ServerIdentity): ReadonlyMap<string, Rdata> {
  const texts = new Map<string, Rdata>();
  const add = (names: readonly string[], text: string | undefined): void => {
    if (text === undefined) return;
    for (const name of names) texts.set(Name.parse(name).key, encodeRdata(Type.TXT, [text]));
  };
  add(['id.server', 'hostname.bind'], serverId);
  add(['version.server', 'version.bind'], version);
  return texts;
}
