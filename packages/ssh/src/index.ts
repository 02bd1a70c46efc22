// The server.

// Who is let in.
export type {
  AuthAttempt,
  AuthContext,
  Authenticator,
  AuthMethod,
  Granted,
  PublicKey,
} from './authenticator.ts';
export { authorizedKeys, type KeyIdentity } from './authorized-keys.ts';
export {
  type AuthorizedKey,
  type AuthorizedKeys,
  parseAuthorizedKeys,
} from './authorized-keys-text.ts';
// Errors.
export { SshConfigurationError, type SshErrorCode, SshProtocolError } from './errors.ts';
// Host keys.
export { type HostKey, hostKeyFingerprint, loadHostKeys } from './host-key.ts';
export { generateKeyPair, type KeyPair } from './key-pair.ts';
export { matchSsh } from './match.ts';
export { type PasswordCheck, password } from './password.ts';
export type { Pty } from './pty.ts';
export { type SshOptions, ssh } from './server.ts';
export type { LinesOptions, Session, SessionFacts } from './session.ts';
export type { SessionHandler } from './ssh-connection.ts';
