import ssh2 from 'ssh2';
import { SshConfigurationError } from './errors.ts';

/** A new key, in the formats of OpenSSH. */
export interface KeyPair {
  /** The text of the private key file. Keep it where only its owner can read it. */
  readonly privateKey: string;
  /** A line for `authorized_keys`, without a line feed. */
  readonly publicKey: string;
}

const ATTEMPTS = 20;

/**
 * Makes an Ed25519 key pair. About one in 250 that ssh2 1.17.0 makes cannot be used, so each is tried before it is given
 * out.
 * @throws SshConfigurationError `HAWSER_SSH_HOST_KEY` when none could be used
 */
export function generateKeyPair(options: { readonly comment?: string } = {}): KeyPair {
  const { comment = '' } = options;
  const probe = Buffer.from('probe');
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    const secret = ssh2.utils.parseKey(made.private);
    const open = ssh2.utils.parseKey(made.public);
    if (secret instanceof Error || open instanceof Error) continue;
    const matching = secret.getPublicSSH().equals(open.getPublicSSH());
    if (matching && open.verify(probe, secret.sign(probe)) === true) {
      return { privateKey: made.private, publicKey: made.public.trim() };
    }
  }
  throw new SshConfigurationError('HAWSER_SSH_HOST_KEY', 'Cannot make a key: none could be used');
}
