// The head of a response (RFC 9112 §4), and which body follows it (§6.3).
import type { CodecLimits, Malformed } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { FieldSection } from './field-section.ts';
import { After, Framing, type HeadReader } from './head-reader.ts';
import { malformed } from './malformed.ts';
import { CR, firstFailure, octetFailure, SP } from './octets.ts';
import { ReadHead } from './read-head.ts';

const PREFIX = 'HTTP/1.';
const MAJOR_AT = 'HTTP/'.length;
const STATUS_AT = 'HTTP/1.1 '.length;
const REASON_AT = 'HTTP/1.1 200 '.length;
/** As many interim responses as one request may get. */
const MAX_INTERIM = 128;

/** Makes response heads of lines. It has to be told which requests they answer. */
export class ResponseHeadReader implements HeadReader<ResponseHeadRead> {
  readonly hasStart = true;
  readonly maxLeading = 0;
  framing: Framing = Framing.None;
  length = 0;
  after: After = After.Next;
  failure: Malformed | undefined = undefined;
  readonly #fields: FieldSection;
  /** The methods of the requests that are not yet answered. */
  readonly #expected: string[] = [];
  /** The beginning of the line that is not yet complete is in order. */
  #prefixSeen = false;
  #interim = 0;
  #status = 0;
  #statusText = '';
  #version: '1.0' | '1.1' = '1.1';

  constructor({ maxFields }: CodecLimits) {
    this.#fields = new FieldSection(maxFields);
  }

  expect(method: string): void {
    this.#expected.push(method);
  }

  partialStart(text: string): Malformed | undefined {
    if (this.#expected.length === 0) return malformed('unexpected-response');
    // Looked at no more once it is there: a line may come octet by octet.
    if (this.#prefixSeen) return undefined;
    this.#prefixSeen = text.length > PREFIX.length;
    return prefixFailure(text);
  }

  start(text: string, start: number, end: number): Malformed | undefined {
    if (this.#expected.length === 0) return malformed('unexpected-response');
    this.#prefixSeen = false;
    const minor = text.charCodeAt(start + STATUS_AT - 2);
    // The space before an empty phrase is often left out.
    const inOrder =
      text.startsWith(PREFIX, start) &&
      (minor === 0x31 || minor === 0x30) &&
      text.charCodeAt(start + STATUS_AT - 1) === SP &&
      (end === start + REASON_AT - 1 ||
        (end >= start + REASON_AT && text.charCodeAt(start + REASON_AT - 1) === SP));
    const status = inOrder ? statusAt(text, start + STATUS_AT) : -1;
    if (status === -1) return badStart(text.slice(start, end));
    this.#version = minor === 0x31 ? '1.1' : '1.0';
    this.#status = status;
    this.#statusText = text.slice(start + REASON_AT, Math.max(end, start + REASON_AT));
    return firstFailure(this.#statusText);
  }

  repeated(): number {
    return -1;
  }

  line(text: string, start: number, end: number): Malformed | undefined {
    return this.#fields.header(text, start, end);
  }

  finish(text: string, fieldsAt: number): ResponseHeadRead | undefined {
    this.failure = this.#check();
    return this.failure === undefined ? this.#make(text, fieldsAt) : undefined;
  }

  #check(): Malformed | undefined {
    if (this.#fields.chunked && this.#version === '1.0') return malformed('chunked-in-1.0');
    if (this.#status < 200 && this.#status !== 101) {
      this.#interim += 1;
      return this.#interim > MAX_INTERIM ? malformed('too-many-interim') : undefined;
    }
    this.#interim = 0;
    return this.#status === 101 ? this.#checkSwitch() : undefined;
  }

  /** 101 has to say what to (RFC 9110 §15.2.2): without that it is not sure that anything follows but HTTP. */
  #checkSwitch(): Malformed | undefined {
    const { upgrade, upgradeAsked } = this.#fields;
    const inOrder = this.#version === '1.1' && upgradeAsked && upgrade !== undefined;
    return inOrder ? undefined : malformed('unexpected-switch');
  }

  #make(text: string, fieldsAt: number): ResponseHeadRead {
    const fields = this.#fields;
    const status = this.#status;
    this.#frame();
    const bodyLength =
      this.framing === Framing.Chunked || this.framing === Framing.UntilEnd
        ? undefined
        : this.length;
    const is11 = this.#version === '1.1';
    const keepAlive =
      this.framing !== Framing.UntilEnd && (is11 || fields.keepAlive) && !fields.close;
    if (this.framing !== Framing.Interim && this.after !== After.Tunnel) {
      this.after = keepAlive ? After.Next : After.Closed;
    }
    const head = new ReadResponseHead(
      status,
      this.#statusText,
      this.#version,
      fields.take(),
      keepAlive,
      bodyLength,
      text,
      fieldsAt,
    );
    fields.reset();
    return head;
  }

  #frame(): void {
    const { chunked, contentLength } = this.#fields;
    const status = this.#status;
    this.length = 0;
    this.after = After.Next;
    this.framing = Framing.None;
    if (status < 200 && status !== 101) {
      this.framing = Framing.Interim;
      return;
    }
    const method = this.#expected.shift();
    if (status === 101 || (method === 'CONNECT' && status < 300)) this.after = After.Tunnel;
    else if (method === 'HEAD' || status === 204 || status === 304) return;
    else if (chunked) this.framing = Framing.Chunked;
    else if (contentLength === -1) this.framing = Framing.UntilEnd;
    else if (contentLength > 0) {
      this.framing = Framing.Length;
      this.length = contentLength;
    }
  }
}

class ReadResponseHead extends ReadHead implements ResponseHeadRead {
  readonly status: number;
  readonly statusText: string;

  constructor(
    status: number,
    statusText: string,
    version: '1.0' | '1.1',
    fields: FieldLines,
    keepAlive: boolean,
    bodyLength: number | undefined,
    text: string,
    fieldsAt: number,
  ) {
    super(version, fields, keepAlive, bodyLength, text, fieldsAt);
    this.status = status;
    this.statusText = statusText;
  }
}

/** The three digits at `at`, from 100 to 599; -1 if they are not there. */
function statusAt(text: string, at: number): number {
  const a = text.charCodeAt(at) - 0x30;
  const b = text.charCodeAt(at + 1) - 0x30;
  const c = text.charCodeAt(at + 2) - 0x30;
  const digits = a >= 1 && a <= 5 && b >= 0 && b <= 9 && c >= 0 && c <= 9;
  return digits ? a * 100 + b * 10 + c : -1;
}

function badStart(text: string): Malformed {
  if (/^HTTP\/1\.[2-9] /.test(text)) return malformed('unsupported-version');
  return prefixFailure(text) ?? firstFailure(text) ?? malformed('bad-status-line');
}

/** Whether `text` does not begin as a status line, as far as it goes. A CR at its end may be that of an empty line. */
function prefixFailure(text: string): Malformed | undefined {
  for (let at = 0; at < text.length && at < PREFIX.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === PREFIX.charCodeAt(at)) continue;
    if (octet === CR && at === text.length - 1) return undefined;
    if (at === MAJOR_AT && octet >= 0x30 && octet <= 0x39) return malformed('unsupported-version');
    return octetFailure(octet) ?? malformed('bad-status-line');
  }
  return undefined;
}
