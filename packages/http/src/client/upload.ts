import { UsageError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { HttpRequestError } from './http-request-error.ts';
import type { RequestBody } from './request-body.ts';

/** What an upload tells while it goes on. */
export interface UploadEvents {
  /** So many octets were handed on. */
  progress(bytes: number): void;
  /** Gives the fields that come after it, if there are any. */
  readonly trailers?: (() => FieldLines) | undefined;
  /** All of it was. */
  done(): void;
  /** The body cannot be had, or is not as long as it said: the request cannot be completed. */
  failed(error: Error): void;
}

/**
 * Sends a body as fast as the peer takes it: the next piece is asked for when there is room for it. Gives what stops it;
 * then the source is told that nobody wants the rest.
 */
export function upload(body: RequestBody, to: OutgoingBody, events: UploadEvents): () => void {
  let stopped = false;
  let wake: (() => void) | undefined;
  let pieces: AsyncIterator<Uint8Array> | undefined;
  const end = (): void => {
    // What the source says to that is of no interest: nobody reads it any more.
    Promise.resolve(pieces?.return?.()).catch(() => undefined);
  };
  const run = async (): Promise<void> => {
    let sent = 0;
    pieces = body.open()[Symbol.asyncIterator]();
    for (;;) {
      const next = await pieces.next();
      if (stopped) return end();
      if (next.done) break;
      sent += next.value.length;
      if (body.length !== undefined && sent > body.length) throw wrongLength(body.length, sent);
      const room = to.write(next.value);
      events.progress(next.value.length);
      if (!room) {
        await new Promise<void>((drained) => {
          wake = drained;
          to.onceDrained(drained);
        });
        wake = undefined;
        if (stopped) return end();
      }
    }
    if (body.length !== undefined && sent < body.length) throw wrongLength(body.length, sent);
    to.end(events.trailers?.());
    events.done();
  };
  run().catch((cause: unknown) => {
    if (stopped) return;
    stopped = true;
    end();
    const message = 'Cannot send the body of the request as its source failed';
    events.failed(new HttpRequestError('HAWSER_HTTP_UPLOAD', message, { phase: 'send', cause }));
  });
  return () => {
    if (stopped) return;
    stopped = true;
    if (wake) wake();
    else if (pieces) end();
  };
}

function wrongLength(promised: number, sent: number): Error {
  const text = `Cannot send a body of ${promised} octets as it has ${sent > promised ? 'more' : sent}`;
  return new UsageError('HAWSER_NOT_AVAILABLE', text);
}
