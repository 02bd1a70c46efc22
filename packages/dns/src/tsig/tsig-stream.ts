// Many messages for one request, as a zone transfer is answered: each signature covers what came since the one before
// (RFC 8945 §5.3.1).
import type { Hmac } from 'node:crypto';
import { HEADER_BYTES } from '../message/header.ts';
import type { TsigKey } from './key.ts';
import { type SignTsigOptions, signTsigResponse } from './sign.ts';
import {
  appendTsig,
  DEFAULT_FUDGE,
  framedMac,
  readTsig,
  type SignedMessage,
  TsigError,
  type TsigRecord,
  tsigTimers,
  unsignedHeader,
} from './tsig-record.ts';
import { sameMac, type VerifiedTsig } from './verify.ts';
import {
  checkTime,
  type FailedTsig,
  failed,
  tsigOf,
  type VerifyResponseOptions,
  verifyTsigResponse,
} from './verify-response.ts';

/** Unsigned messages that may stand between signed ones. */
const MAX_UNSIGNED = 99;

/** Signs the messages that answer one request, every one of them. */
export class TsigStreamSigner {
  readonly #request: VerifiedTsig;
  #prior: Buffer | undefined;

  constructor(request: VerifiedTsig) {
    this.#request = request;
  }

  /** The next message, signed. */
  sign(message: Buffer, options: SignTsigOptions): Buffer {
    const signed =
      this.#prior === undefined
        ? signTsigResponse(message, this.#request, options)
        : this.#later(message, { options, prior: this.#prior });
    this.#prior = readTsig(signed, message.length)?.mac;
    return signed;
  }

  #later(message: Buffer, more: { options: SignTsigOptions; prior: Buffer }): Buffer {
    const { key } = this.#request;
    const { nowSeconds, fudgeSeconds: fudge = DEFAULT_FUDGE } = more.options;
    const time = Math.floor(nowSeconds);
    const hmac = key.hmac().update(framedMac(more.prior)).update(message);
    const mac = hmac.update(tsigTimers({ time, fudge })).digest().subarray(0, key.macBytes);
    return appendTsig(message, {
      keyName: key.name,
      algorithm: key.algorithm.wireName,
      time,
      fudge,
      mac,
      originalId: message.readUInt16BE(0),
      error: TsigError.None,
      other: Buffer.alloc(0),
    });
  }
}

/** What became of one message of many. `pending` is not signed itself, and good only if a later one is. */
export type StreamOutcome =
  | { readonly kind: 'verified'; readonly record: TsigRecord }
  | { readonly kind: 'pending' }
  | FailedTsig;

/** Checks the messages that answer one request of ours. After a failure all others fail as well. */
export class TsigStreamVerifier {
  readonly #key: TsigKey;
  readonly #requestMac: Uint8Array;
  /** Over the last MAC and all messages since; undefined before the first message. */
  #running: Hmac | undefined;
  #unsigned = 0;
  #failure: FailedTsig | undefined;

  constructor({ key, requestMac }: Omit<VerifyResponseOptions, 'nowSeconds'>) {
    this.#key = key;
    this.#requestMac = requestMac;
  }

  /** True if everything taken so far is covered by a signature: only then may a stream end. */
  get complete(): boolean {
    return this.#failure === undefined && this.#running !== undefined && this.#unsigned === 0;
  }

  /** Takes the next message. */
  take(message: SignedMessage, nowSeconds: number): StreamOutcome {
    const outcome = this.#failure ?? this.#check(message, nowSeconds);
    if (outcome.kind === 'failed') this.#failure = outcome;
    return outcome;
  }

  #check(message: SignedMessage, nowSeconds: number): StreamOutcome {
    const key = this.#key;
    const running = this.#running;
    if (running === undefined) {
      const first = { key, requestMac: this.#requestMac, nowSeconds };
      return this.#covered(verifyTsigResponse(message, first));
    }
    if (message.signatureOffset === undefined) {
      if (++this.#unsigned > MAX_UNSIGNED) return failed('unsigned');
      running.update(message.bytes);
      return { kind: 'pending' };
    }
    const record = tsigOf(message, key);
    if ('kind' in record) return record;
    running.update(unsignedHeader(message.bytes, record.originalId));
    running.update(message.bytes.subarray(HEADER_BYTES, message.signatureOffset));
    const whole = running.update(tsigTimers(record)).digest();
    if (!sameMac(whole, record.mac)) return failed('forged');
    return this.#covered(checkTime(record, { key, nowSeconds }));
  }

  #covered(outcome: Exclude<StreamOutcome, { kind: 'pending' }>): StreamOutcome {
    if (outcome.kind === 'verified') {
      this.#running = this.#key.hmac().update(framedMac(outcome.record.mac));
      this.#unsigned = 0;
    }
    return outcome;
  }
}
