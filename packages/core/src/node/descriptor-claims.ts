import { DescriptorKindError } from '../connection/descriptor-kind-error.ts';
import { UsageError } from '../errors.ts';
import { type DescriptorKind, descriptorKind } from './private-handle.ts';

/**
 * Descriptors in use by a port of ours. They belong to the process, whatever number of reactors is in it, and two
 * handles on one descriptor end the process with a failed assertion.
 */
const claimed = new Set<number>();

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
 * @throws DescriptorKindError `HAWSER_LISTEN` if it is of another kind
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
  const found = descriptorKind(fd);
  if (found !== kind) {
    throw new DescriptorKindError(
      'HAWSER_LISTEN',
      `Cannot listen on ${where} as descriptor ${fd} must be ${NAMES[kind]}: it is ${NAMES[found]}`,
    );
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
