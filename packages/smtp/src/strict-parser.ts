// Takes the place of the library's parser, which ends commands at a bare LF, unstuffs after one, and needs a turn of
// the loop for each stuffed dot. Members with an underscore are the library's; `test/seams.test.ts` watches them.

import { PassThrough } from 'node:stream';
import type { Clock } from '@hawser/core';
import type { SMTPServerDataStream } from 'smtp-server';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { takeCommandLine } from './command-line.ts';
import { DataDecoder } from './data-decoder.ts';
import { SmtpError } from './smtp-error.ts';

/** What a {@link StrictParser} tells the connection, and asks of it. */
export interface ParserOwner {
  readonly clock: Pick<Clock, 'callSoon'>;
  /** Bytes came in. */
  arrived(): void;
  /** A command. `next` asks for the next one. */
  command(line: Buffer, next: () => void): void;
  /** Nothing after this can be understood: refuse and close. */
  broken(refusal: SmtpError): void;
  /** Whoever reads the message does not keep up (`true`), or does again. */
  stalled(is: boolean): void;
  /** The mail data is in. The parser waits for `continue()`. `fault` is why the message cannot be accepted. */
  dataEnded(fault: SmtpError | undefined): void;
}

type Callback = (error?: Error | null) => void;

/** RFC 4954 §4.5.3 asks for 12,288 bytes in AUTH; other commands are shorter (RFC 5321 §4.5.3.1.4). */
const MAX_COMMAND_BYTES = 12_288;
/** Commands answered in one turn, so that one chunk of them cannot keep the loop busy. */
const COMMANDS_PER_TURN = 100;
const EMPTY = Buffer.alloc(0);

/** Commands and mail data out of the bytes of a session. Only CRLF ends a line. */
export class StrictParser extends SMTPStream {
  readonly #owner: ParserOwner;
  #input: Buffer = EMPTY;
  #next: Callback | undefined;
  #held = false;
  #advancing = false;
  #again = false;

  #decoder = new DataDecoder();
  #fault: SmtpError | undefined;

  constructor(owner: ParserOwner) {
    super();
    this.#owner = owner;
  }

  /** Whether the message had a bare CR or LF, so that another server may see its end elsewhere. */
  get ambiguous(): boolean {
    return this.#decoder.bare;
  }

  /** Keeps the input until {@link StrictParser.release}. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#advance();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding | 'buffer', next: Callback): void {
    this.#owner.arrived();
    this.#input = this.#input.length > 0 ? Buffer.concat([this.#input, chunk]) : chunk;
    this.#next = next;
    this.#advance();
  }

  /** Unlike the library, a command cut off by the end of the input is not run. */
  override _flushData(): void {}

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    const stream = Object.assign(new PassThrough(), { byteLength: 0, sizeExceeded: false });
    // Whoever reads hears of an error by the iteration; without a listener it would end the process.
    stream.on('error', () => undefined);
    this.#decoder = new DataDecoder();
    this.#fault = undefined;
    this.dataBytes = 0;
    this._maxBytes = Number(maxBytes) || Number.POSITIVE_INFINITY;
    this._dataStream = stream;
    this._dataMode = true;
    return stream;
  }

  override continue(): void {
    this.release();
  }

  /** Commands may be answered at once, which asks for the next from inside: a loop instead of recursion. */
  #advance(): void {
    if (this.#advancing) {
      this.#again = true;
      return;
    }
    this.#advancing = true;
    let steps = 0;
    do {
      this.#again = false;
      this.#step();
      steps += 1;
    } while (this.#again && steps < COMMANDS_PER_TURN);
    this.#advancing = false;
    if (this.#again) this.#owner.clock.callSoon(() => this.#advance());
  }

  #step(): void {
    if (!this.#next) return;
    if (this.isClosed) {
      this.#input = EMPTY;
      this.#finish();
    } else if (!this.#held) {
      if (this._dataMode) this.#readData();
      else this.#readCommand();
    }
  }

  #finish(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }

  #readCommand(): void {
    const head = takeCommandLine(this.#input, MAX_COMMAND_BYTES);
    switch (head.kind) {
      case 'more':
        this.#finish();
        break;
      case 'line':
        this.#input = head.rest;
        this.#owner.command(head.line, () => this.#advance());
        break;
      case 'bare':
        this.#break(new SmtpError(521, 'Commands must end with CRLF', { enhanced: '5.5.2' }));
        break;
      case 'long':
        this.#break(new SmtpError(500, 'Command line too long', { enhanced: '5.5.2' }));
        break;
    }
  }

  #break(refusal: SmtpError): void {
    this.isClosed = true;
    this.#input = EMPTY;
    this.#owner.broken(refusal);
    this.#finish();
  }

  #readData(): void {
    const stream = this._dataStream;
    if (!stream) return;
    const { content, rest } = this.#decoder.push(this.#input);
    this.#input = rest ?? EMPTY;
    this.#count(stream, content.length);
    if (this.#fault && !stream.destroyed) stream.destroy(this.#fault);
    if (this.dataBytes > 2 * this._maxBytes) {
      this.#break(tooBig(this._maxBytes));
      return;
    }
    const flowing = content.length === 0 || stream.destroyed || stream.write(content);
    if (rest) this.#endData(stream);
    else if (flowing) this.#finish();
    else this.#waitForReader(stream);
  }

  #count(stream: SMTPServerDataStream, bytes: number): void {
    this.dataBytes += bytes;
    stream.byteLength = this.dataBytes;
    stream.sizeExceeded = this.dataBytes > this._maxBytes;
    if (this.#decoder.bare) {
      this.#fault ??= new SmtpError(550, 'Lines must end with CRLF', { enhanced: '5.6.11' });
    } else if (stream.sizeExceeded) {
      this.#fault ??= tooBig(this._maxBytes);
    }
  }

  #endData(stream: SMTPServerDataStream): void {
    this._dataMode = false;
    this._dataStream = null;
    this.#held = true;
    if (!stream.destroyed) stream.end();
    this.#owner.dataEnded(this.#fault);
  }

  #waitForReader(stream: SMTPServerDataStream): void {
    const goOn = (): void => {
      stream.off('drain', goOn);
      stream.off('close', goOn);
      this.#owner.stalled(false);
      this.#finish();
    };
    // A stream that is destroyed never drains, it only closes.
    stream.on('drain', goOn);
    stream.on('close', goOn);
    this.#owner.stalled(true);
  }
}

function tooBig(maxBytes: number): SmtpError {
  return new SmtpError(552, `Message exceeds ${maxBytes} bytes`, { enhanced: '5.3.4' });
}
