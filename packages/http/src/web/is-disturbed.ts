import { Readable } from 'node:stream';

/** Whether somebody has read from a stream, or cancelled it. */
export const isDisturbed: (stream: object) => boolean = Readable.isDisturbed as (
  stream: object,
) => boolean;
