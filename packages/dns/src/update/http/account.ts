// Who may update what over HTTP.
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { formatType, parseType, Type } from '../../numbers.ts';
import { provesToken, tokenDigest } from './token.ts';

/** Somebody who may update hosts. */
export interface UpdateAccount {
  readonly user: string;
  /** The secret itself, or `sha256:` and the hex digest that `hashToken` gives, so that it need not be kept. */
  readonly token: string;
  /** Whole names, `"*.lab.example.net"` for everything below a name, or `"*"` for everything below the zones. */
  readonly hosts: readonly string[];
  /** `"A"`, `"AAAA"`, and `"TXT"` for `_acme-challenge` in front of the hosts. @defaultValue `["A", "AAAA"]` */
  readonly types?: readonly string[] | undefined;
}

/** An account whose rules were checked. */
export interface KnownAccount {
  readonly user: string;
  readonly digest: Buffer;
  mayUpdate(host: Name, type: number): boolean;
}

const CHALLENGE = '_acme-challenge';

/** @throws UsageError `HAWSER_DNS_OPTIONS` for an account without a token, `HAWSER_DNS_NAME` for a bad host */
export function checkAccount(account: UpdateAccount, origins: readonly Name[]): KnownAccount {
  const { user, token, hosts, types = ['A', 'AAAA'] } = account;
  if (user === '' || user.includes(':')) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot use account "${user}" as its name must not be empty or have a ":"`,
    );
  }
  const exact = new Set<string>();
  const trees: Name[] = [];
  for (const host of hosts) {
    if (host === '*') trees.push(...origins);
    else if (host.startsWith('*.')) trees.push(Name.parse(host.slice(2)));
    else exact.add(Name.parse(host).key);
  }
  const owns = (host: Name): boolean =>
    exact.has(host.key) || trees.some((tree) => host.isSubdomainOf(tree) && !host.equals(tree));
  const known = new Set(types.map((type) => updatedType(type, user)));
  return {
    user,
    digest: tokenDigest(token, `account "${user}"`),
    mayUpdate(host, type) {
      if (!known.has(type)) return false;
      if (owns(host)) return true;
      const below = isChallenge(host) ? host.parent() : undefined;
      return type === Type.TXT && below !== undefined && owns(below);
    },
  };
}

/** True for the name that ACME looks at to see who controls the one behind it (RFC 8555 §8.4). */
export function isChallenge(host: Name): boolean {
  return host.labels()[0]?.toString('latin1').toLowerCase() === CHALLENGE;
}

/** The account that `user` and `token` prove. Takes as long for a wrong token as for a right one, and for a wrong user. */
export function authenticate(
  accounts: ReadonlyMap<string, KnownAccount>,
  claim: { readonly user: string; readonly token: string },
): KnownAccount | undefined {
  const account = accounts.get(claim.user);
  return provesToken(claim.token, account?.digest) ? account : undefined;
}

function updatedType(text: string, user: string): number {
  const type = parseType(text);
  if (type === Type.A || type === Type.AAAA || type === Type.TXT) return type;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot let account "${user}" update ${formatType(type)}: only A, AAAA and TXT`,
  );
}
