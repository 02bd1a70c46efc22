// The head of a request (RFC 9112 §3).
import type { CodecLimits, Malformed } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { RequestHead } from '../contract/message-head.ts';
import { isAuthority } from './authority.ts';
import { FieldSection, MAX_REMEMBERED } from './field-section.ts';
import { After, Framing, type HeadReader } from './head-reader.ts';
import { malformed } from './malformed.ts';
import { Methods } from './methods.ts';
import { firstFailure } from './octets.ts';
import { ReadHead } from './read-head.ts';
import { hasTargetOctets, isOriginForm, parseTarget } from './request-target.ts';

const VERSION_LENGTH = 'HTTP/1.1'.length;

/** Makes request heads of lines. */
export class RequestHeadReader implements HeadReader<RequestHead> {
  readonly hasStart = true;
  readonly maxLeading = 8;
  framing: Framing = Framing.None;
  length = 0;
  after: After = After.Next;
  failure: Malformed | undefined = undefined;
  readonly #fields: FieldSection;
  readonly #methods: Methods;
  readonly #maxTargetBytes: number;
  /** The longest request line there can be, without the target. */
  readonly #restOfLine: number;
  #method = '';
  #target = '';
  #authority: string | undefined = undefined;
  #version: '1.0' | '1.1' = '1.1';
  /** The last line in order, and its target. Its method and version are above. */
  #line = '';
  #lineTarget = '';
  /** The last host that was in order: that of nearly all requests, as the one string it is. */
  #knownHost: string | undefined = undefined;
  /** The method of the line that is not yet complete is known to be one. */
  #methodSeen = false;

  constructor({ maxFields, maxTargetBytes, extraMethods }: CodecLimits) {
    this.#fields = new FieldSection(maxFields);
    this.#methods = Methods.of(extraMethods);
    this.#maxTargetBytes = maxTargetBytes;
    this.#restOfLine = this.#methods.longest + VERSION_LENGTH + 3;
  }

  partialStart(text: string): Malformed | undefined {
    if (!this.#methodSeen) {
      const seen = this.#methods.check(
        text,
        0,
        text.endsWith('\r') ? text.length - 1 : text.length,
      );
      if (typeof seen !== 'boolean') return seen;
      this.#methodSeen = seen;
    }
    if (text.length <= this.#maxTargetBytes + this.#restOfLine) return undefined;
    return this.start(text, 0, text.length) ?? malformed('bad-version');
  }

  start(text: string, start: number, end: number): Malformed | undefined {
    this.#methodSeen = false;
    const line = text.slice(start, end);
    if (line === this.#line) {
      this.#target = this.#lineTarget;
      return undefined;
    }
    this.#line = '';
    const failure = this.#readLine(text, start, end);
    if (text.length > MAX_REMEMBERED || failure !== undefined) return failure;
    this.#line = line;
    this.#lineTarget = this.#target;
    return undefined;
  }

  #readLine(text: string, start: number, end: number): Malformed | undefined {
    const space = text.indexOf(' ', start);
    const method = space > end ? undefined : this.#methods.find(text.slice(start, space));
    if (method === undefined) return this.#noMethod(text, start, end);
    this.#method = method;

    const from = space + 1;
    const last = text.lastIndexOf(' ', end - 1);
    const targetEnd = last < from ? end : last;
    if (targetEnd - from > this.#maxTargetBytes) return malformed('target-too-long');
    if (!hasTargetOctets(text, from, targetEnd)) return badTarget(text, from, targetEnd);
    if (last < from) return malformed('bad-request-line');
    this.#target = text.slice(from, targetEnd);
    return this.#readVersion(text, last + 1, end);
  }

  repeated(text: string, at: number, limit: number): number {
    return this.#fields.begin(text, at, limit);
  }

  line(text: string, start: number, end: number): Malformed | undefined {
    return this.#fields.header(text, start, end);
  }

  finish(text: string, fieldsAt: number, end: number): RequestHead | undefined {
    this.failure = this.#check();
    if (this.failure !== undefined) return undefined;
    const head = this.#make(text, fieldsAt);
    this.#fields.remember(text, fieldsAt, end);
    return head;
  }

  #check(): Malformed | undefined {
    const fields = this.#fields;
    const is11 = this.#version === '1.1';
    const { host, chunked } = fields;
    if (host === undefined) {
      if (is11) return malformed('missing-host');
    } else if (host !== this.#knownHost) {
      if (!isAuthority(host)) return malformed('bad-host');
      this.#knownHost = host;
    }
    this.#authority = host === undefined ? undefined : this.#knownHost;
    if (!isOriginForm(this.#target) || this.#method === 'CONNECT') {
      const parsed = parseTarget(this.#method, this.#target);
      if (parsed === undefined) return malformed('bad-target');
      this.#target = parsed.target;
      this.#authority = parsed.authority ?? this.#authority;
    }
    if (chunked && !is11) return malformed('chunked-in-1.0');
    if (this.#method === 'CONNECT' && (chunked || fields.contentLength > 0)) {
      return malformed('connect-with-body');
    }
    // What HTTP/1.0 expects is ignored (RFC 9110 §10.1.1).
    return is11 && fields.expectsElse ? malformed('unknown-expectation') : undefined;
  }

  #make(text: string, fieldsAt: number): RequestHead {
    const fields = this.#fields;
    const is11 = this.#version === '1.1';
    const length = fields.contentLength > 0 ? fields.contentLength : 0;
    const bodyLength = fields.chunked ? undefined : length;
    const keepAlive = (is11 || fields.keepAlive) && !fields.close;
    // HTTP/1.0 has no upgrade (RFC 9110 §7.8).
    const upgrade = is11 && fields.upgradeAsked ? fields.upgrade : undefined;

    this.length = length;
    if (fields.chunked) this.framing = Framing.Chunked;
    else this.framing = length === 0 ? Framing.None : Framing.Length;
    if (this.#method === 'CONNECT') this.after = After.Tunnel;
    else if (keepAlive) this.after = After.Next;
    else this.after = upgrade === undefined ? After.Closed : After.Tunnel;

    const head = new ReadRequestHead(
      this.#method,
      this.#target,
      this.#authority,
      this.#version,
      fields.take(),
      keepAlive,
      is11 && fields.expectsContinue && bodyLength !== 0,
      upgrade,
      bodyLength,
      text,
      fieldsAt,
    );
    // They are parts of the text, which would stay in memory with them.
    this.#target = '';
    this.#authority = undefined;
    return head;
  }

  #noMethod(text: string, start: number, end: number): Malformed {
    const seen = this.#methods.check(text, start, end);
    return typeof seen === 'boolean' ? malformed('bad-request-line') : seen;
  }

  #readVersion(text: string, start: number, end: number): Malformed | undefined {
    if (end - start === VERSION_LENGTH && text.startsWith('HTTP/1.', start)) {
      const minor = text.charCodeAt(end - 1);
      if (minor === 0x31 || minor === 0x30) {
        this.#version = minor === 0x31 ? '1.1' : '1.0';
        return undefined;
      }
    }
    const version = text.slice(start, end);
    if (/^HTTP\/\d\.\d$/.test(version)) return malformed('unsupported-version');
    return firstFailure(version) ?? malformed('bad-version');
  }
}

class ReadRequestHead extends ReadHead implements RequestHead {
  readonly method: string;
  readonly target: string;
  readonly authority: string | undefined;
  readonly expectsContinue: boolean;
  readonly upgrade: string | undefined;

  constructor(
    method: string,
    target: string,
    authority: string | undefined,
    version: '1.0' | '1.1',
    fields: FieldLines,
    keepAlive: boolean,
    expectsContinue: boolean,
    upgrade: string | undefined,
    bodyLength: number | undefined,
    text: string,
    fieldsAt: number,
  ) {
    super(version, fields, keepAlive, bodyLength, text, fieldsAt);
    this.method = method;
    this.target = target;
    this.authority = authority;
    this.expectsContinue = expectsContinue;
    this.upgrade = upgrade;
  }
}

function badTarget(text: string, start: number, end: number): Malformed {
  return firstFailure(text.slice(start, end)) ?? malformed('bad-target');
}
