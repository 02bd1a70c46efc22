import { ProtocolError, UsageError } from '@hawser/core';

/** Every code an error of this package can carry, besides those of the core. Codes are stable; messages are not. */
export type SshErrorCode =
  /** The first line of the peer is no SSH identification. */
  | 'HAWSER_SSH_IDENTIFICATION'
  /** The peer broke the SSH protocol, or its limits. */
  | 'HAWSER_SSH_PROTOCOL'
  /** A host key cannot be read, made or used. */
  | 'HAWSER_SSH_HOST_KEY'
  /** A file of authorized keys cannot be used, or a line in it is not. */
  | 'HAWSER_SSH_AUTHORIZED_KEYS';

/** The peer broke the protocol: its connection ends. */
export class SshProtocolError extends ProtocolError<SshErrorCode> {
  override readonly name: string = 'SshProtocolError';
}

/** A file or option of this side is wrong: mend it. */
export class SshConfigurationError extends UsageError<SshErrorCode> {
  override readonly name: string = 'SshConfigurationError';
  override readonly exitCode: number = 78;
}
