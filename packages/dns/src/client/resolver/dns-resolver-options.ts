import type { DnsClientOptions } from '../dns-client-options.ts';
import type { DnsServerLike } from '../dns-server.ts';

/** Options for `DnsResolver`. What is not given comes from the files of the system. */
export interface DnsResolverOptions
  extends Pick<DnsClientOptions, 'reactor' | 'timeoutMs' | 'attempts' | 'rotate' | 'https'> {
  /** Whom to ask, by IP address: whoever looks names up cannot be found by name. */
  readonly servers?: readonly DnsServerLike[] | undefined;
  /** Names to try behind a name with fewer dots than `ndots`. */
  readonly search?: readonly string[] | undefined;
  readonly ndots?: number | undefined;
  /** Text in place of `/etc/resolv.conf`; read when the resolver is made. */
  readonly resolvConf?: string | undefined;
  /** Text in place of `/etc/hosts`. */
  readonly hosts?: string | undefined;
  /** @defaultValue '/etc/resolv.conf' */
  readonly resolvConfPath?: string | undefined;
  /** @defaultValue '/etc/hosts' */
  readonly hostsPath?: string | undefined;
  /** Questions to remember the answers of; 0 remembers none. @defaultValue 10_000 */
  readonly maxEntries?: number | undefined;
  /** Longest that an answer is remembered, in seconds. @defaultValue 86_400 */
  readonly maxTtl?: number | undefined;
  /** Longest that the absence of something is remembered, in seconds. @defaultValue 3_600 */
  readonly maxNegativeTtl?: number | undefined;
}
