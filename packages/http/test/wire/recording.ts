import type { Malformed, MessageReader } from '../../src/contract/codec.ts';
import type { FieldLines } from '../../src/contract/field-lines.ts';
import type { RequestHead, ResponseHeadRead } from '../../src/contract/message-head.ts';
import type { ResponseReaderSink } from '../../src/wire/response-reader.ts';

/** A message as one line of text, the same however its octets were cut. */
interface Recorded {
  head: string;
  body: string;
  trailers: string;
}

/** A sink that writes down what it is given. */
class Recording<H> {
  readonly #describe: (head: H) => string;
  readonly #messages: Recorded[] = [];
  readonly #interim: string[] = [];
  readonly heads: H[] = [];
  /** Called first in each call. */
  before: () => void = () => {};

  constructor(describe: (head: H) => string) {
    this.#describe = describe;
  }

  get log(): string[] {
    return this.#messages.map(
      ({ head, body, trailers }) => `${head}${body && ` <${body}>`}${trailers}`,
    );
  }

  get interimLog(): readonly string[] {
    return this.#interim;
  }

  head(head: H): void {
    this.before();
    this.heads.push(head);
    this.#messages.push({ head: this.#describe(head), body: '', trailers: ' ...' });
  }

  interim(head: H): void {
    this.before();
    this.#interim.push(this.#describe(head));
  }

  data(chunk: Buffer): void {
    this.before();
    const message = this.#messages.at(-1);
    if (message?.trailers !== ' ...' || chunk.length === 0) throw new Error('Data is out of place');
    message.body += chunk.toString('latin1');
  }

  end(trailers: FieldLines): void {
    this.before();
    const message = this.#messages.at(-1);
    if (message?.trailers !== ' ...') throw new Error('End is out of place');
    message.trailers = trailers.length === 0 ? '' : ` [${describeFields(trailers)}]`;
  }
}

/** A sink for requests. Its `log` has a line for each; one that is not complete ends with `...`. */
export function recordRequests(): Recording<RequestHead> {
  return new Recording(describeRequest);
}

/** A sink for responses. */
export function recordResponses(): Recording<ResponseHeadRead> & ResponseReaderSink {
  return new Recording(describeResponse);
}

/** Feeds all `chunks`, up to the first that is refused. */
export function feedAll(reader: MessageReader, chunks: readonly Buffer[]): Malformed | undefined {
  for (const chunk of chunks) {
    const failure = reader.feed(chunk);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function describeRequest(head: RequestHead): string {
  const { method, target, authority = '-', version, keepAlive, expectsContinue, upgrade } = head;
  const facts = [
    `${method} ${target} @${authority} ${version}`,
    keepAlive ? '' : ' close',
    expectsContinue ? ' continue' : '',
    upgrade === undefined ? '' : ` upgrade=${upgrade}`,
  ];
  return `${facts.join('')} {${describeFields(head.fields)}}`;
}

function describeResponse(head: ResponseHeadRead): string {
  const { status, statusText, version, keepAlive } = head;
  const open = keepAlive ? '' : ' close';
  return `${status} '${statusText}' ${version}${open} {${describeFields(head.fields)}}`;
}

function describeFields(fields: FieldLines): string {
  const lines: string[] = [];
  for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`);
  return lines.join(', ');
}
