import { Readable } from 'node:stream';

/** Whether somebody has read from a stream, or cancelled it. */
export function isDisturbed(stream: object): boolean {
  return Readable.isDisturbed(stream as Readable);
}
