import { fstatSync } from 'node:fs';
import { DescriptorKindError } from '../connection/descriptor-kind-error.ts';
import { UsageError } from '../errors.ts';
import { type DescriptorKind, descriptorKind } from './private-handle.ts';

/**
 * Descriptors in use by a port of ours. They belong to the process, whatever number of reactors is in it, and two
 * handles on one descriptor end the process with a failed assertion.
 */
const claimed = new Set<number>();

/** Those below are the standard streams. */
const FIRST_DESCRIPTOR = 3;

const NAMES: Readonly<Record<DescriptorKind, string>> = {
  TCP: 'a TCP socket',
  PIPE: 'a Unix socket or a pipe',
  UDP: 'a UDP socket',
  FILE: 'a file',
  TTY: 'a terminal',
  UNKNOWN: 'closed, or no socket',
};

/**
 * Makes sure that `fd` is of the kind, and that only one port has it until {@link releaseDescriptor}.
 * @throws UsageError `HAWSER_BUSY` if a port has it already
 * @throws DescriptorKindError `HAWSER_LISTEN` if it is of another kind, or a standard stream
 */
export function claimDescriptor(
  fd: number,
  { kind, where }: { readonly kind: DescriptorKind; readonly where: string },
): void {
  if (claimed.has(fd)) {
    throw new UsageError(
      'HAWSER_BUSY',
      `Cannot listen on ${where} as a port has descriptor ${fd} already`,
    );
  }
  const refuse = (why: string): never => {
    throw new DescriptorKindError('HAWSER_LISTEN', `Cannot listen on ${where} as ${why}`);
  };
  // The standard streams are closed with a port that takes them, and their numbers come back as sockets of clients.
  if (!Number.isInteger(fd) || fd < FIRST_DESCRIPTOR) {
    return refuse(`a descriptor must be a whole number from ${FIRST_DESCRIPTOR}`);
  }
  const found = descriptorKind(fd);
  if (found !== kind) {
    return refuse(`descriptor ${fd} must be ${NAMES[kind]}: it is ${NAMES[found]}`);
  }
  if (found === 'PIPE' && !fstatSync(fd).isSocket()) {
    return refuse(`descriptor ${fd} must be a Unix socket: it is a pipe`);
  }
  claimed.add(fd);
}

/** The same for a descriptor that a port of ours has bound and given out. */
export function holdDescriptor(fd: number): void {
  claimed.add(fd);
}

/** The descriptor is closed, and its number may come back as something else. */
export function releaseDescriptor(fd: number): void {
  claimed.delete(fd);
}
