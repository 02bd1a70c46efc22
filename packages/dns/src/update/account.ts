// Who may update what.
import { createHash, timingSafeEqual } from 'node:crypto';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';

/** Somebody who may update hosts. */
export interface UpdateAccount {
  readonly user: string;
  /** The secret itself, or `sha256:` and the hex digest that {@link hashToken} gives, so that it need not be kept. */
  readonly token: string;
  /** Whole names, `"*.lab.example.net"` for everything below a name, or `"*"` for everything below the zone. */
  readonly hosts: readonly string[];
}

/** An account whose rules were checked. */
export interface KnownAccount {
  readonly user: string;
  readonly digest: Buffer;
  mayUpdate(host: Name): boolean;
}

/** What to keep instead of a token: tokens are long and random, so one round of SHA-256 is enough. */
export function hashToken(token: string): string {
  return `sha256:${sha256(token).toString('hex')}`;
}

/** @throws UsageError `HAWSER_DNS_OPTIONS` for an account without a token, `HAWSER_DNS_NAME` for a bad host */
export function checkAccount(account: UpdateAccount, zone: Name): KnownAccount {
  const { user, token, hosts } = account;
  const hex = /^sha256:([\da-f]{64})$/i.exec(token)?.[1];
  if (token === '' || user === '' || user.includes(':')) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot use account "${user}" as it needs a name without ":" and a token`,
    );
  }
  const exact = new Set<string>();
  const trees: Name[] = [];
  for (const host of hosts) {
    if (host === '*') trees.push(zone);
    else if (host.startsWith('*.')) trees.push(Name.parse(host.slice(2)));
    else exact.add(Name.parse(host).key);
  }
  return {
    user,
    digest: hex === undefined ? sha256(token) : Buffer.from(hex, 'hex'),
    mayUpdate: (host) =>
      exact.has(host.key) || trees.some((tree) => host.isSubdomainOf(tree) && !host.equals(tree)),
  };
}

/** The account that `user` and `token` prove. Takes as long for a wrong token as for a right one, and for a wrong user. */
export function authenticate(
  accounts: ReadonlyMap<string, KnownAccount>,
  claim: { readonly user: string; readonly token: string },
): KnownAccount | undefined {
  const account = accounts.get(claim.user);
  const digest = sha256(claim.token);
  const proven = timingSafeEqual(digest, account?.digest ?? Buffer.alloc(digest.length));
  return proven ? account : undefined;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
