import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { toNodeHeaders } from '../server/upgrade-request.ts';

/** What an {@link AppRequest} is made of. */
export interface AppRequestParts {
  readonly exchange: HttpExchange;
  readonly method: string;
  /** As the app is to see it. */
  readonly url: string;
  /** Lines with names in lower case, and as they were sent. */
  readonly fields: FieldLines;
  readonly rawFields: FieldLines;
  /** The body cannot be had. */
  readonly failed?: ((error: Error) => void) | undefined;
}

/** A request as node shows it, whose body comes from an exchange no faster than it is read. */
export class AppRequest extends IncomingMessage {
  /** Where the app is mounted, this is what the peer asked for. */
  readonly originalUrl: string;
  readonly #body: HttpExchange['body'];
  readonly #failed: AppRequestParts['failed'];
  #started = false;

  constructor(socket: Socket, parts: AppRequestParts) {
    super(socket);
    const { exchange, method, url, fields, rawFields, failed } = parts;
    this.method = method;
    this.url = url;
    this.originalUrl = exchange.target;
    this.headers = toNodeHeaders(fields);
    this.rawHeaders = rawFields as string[];
    this.#body = exchange.body;
    this.#failed = failed;
    this.#setVersion('1.1');
    // Of its own, not of its class: Express gives requests another prototype.
    this._read = (size) => {
      IncomingMessage.prototype._read.call(this, size);
      this.#wanted();
    };
    Object.defineProperty(this, 'headersDistinct', {
      configurable: true,
      // Made when asked for, which is seldom.
      get: () => distinct(fields),
    });
  }

  /** Until now it was 1.1, as that is how the answer is written down. */
  showVersion(version: HttpExchange['version']): void {
    this.#setVersion(version);
  }

  /** The answer has left: a body that nobody has begun to read is not read any more. */
  static drop(request: AppRequest): void {
    if (request.#started || request.destroyed) return;
    request.#started = true;
    request.#body.discard();
    request.#end([]);
    request.resume();
  }

  #wanted(): void {
    if (this.#started) {
      this.#body.resume();
      return;
    }
    this.#started = true;
    // Somebody else has read it, such as a middleware.
    if (this.#body.used) this.#end([]);
    else this.#consume();
  }

  #consume(): void {
    const body = this.#body;
    body.consume({
      data: (chunk) => {
        if (!this.destroyed && !this.push(chunk)) body.pause();
      },
      end: () => this.#end(body.trailers),
      failed: (error) => {
        this.destroy(aborted());
        this.#failed?.(error);
      },
    });
  }

  #end(trailers: FieldLines): void {
    if (this.destroyed) return;
    this.complete = true;
    this.trailers = toNodeHeaders(trailers) as NodeJS.Dict<string>;
    this.trailersDistinct = distinct(trailers);
    this.rawTrailers = [...trailers];
    this.push(null);
  }

  #setVersion(version: HttpExchange['version']): void {
    this.httpVersion = version;
    this.httpVersionMajor = Number(version[0]);
    this.httpVersionMinor = Number(version[2]);
  }
}

/** As node ends a request whose peer has left. */
export function aborted(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

function distinct(fields: FieldLines): NodeJS.Dict<string[]> {
  const found = Object.create(null) as Record<string, string[]>;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    (found[fields[at] as string] ??= []).push(fields[at + 1] as string);
  }
  return found;
}
