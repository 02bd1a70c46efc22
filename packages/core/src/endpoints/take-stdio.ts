import { Duplex } from 'node:stream';
import { UsageError } from '../errors.ts';

/** A process has one pair of them, whatever the number of its reactors. */
let taken = false;

/**
 * Standard input and output of this process as one stream: pipes, files or a terminal. Closing it closes the input.
 * Node keeps the output open: whoever reads a pipe sees its end when the process exits. Nobody else may read or print
 * from then on.
 * @throws UsageError `HAWSER_BUSY` if they were taken before
 */
export function takeStdio(): Duplex {
  if (taken) {
    throw new UsageError('HAWSER_BUSY', 'Cannot use standard input and output as they are in use');
  }
  taken = true;
  // By the global name: importing `node:process` opens both at once, wanted or not.
  return Duplex.from({ readable: process.stdin, writable: process.stdout });
}
