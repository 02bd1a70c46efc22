// One message on its way to a server, and what tells a reply to it from anything else.
import type { EdnsStart } from '../message/edns.ts';
import { Flag, HEADER_BYTES } from '../message/header.ts';
import { type DnsMessage, parseMessage } from '../message/parse-message.ts';
import { plainNameEnd } from '../name.ts';
import type { TsigKey } from '../tsig/key.ts';
import { signTsigRequest, tsigBytes } from '../tsig/sign.ts';
import { type FailedTsig, verifyTsigResponse } from '../tsig/verify-response.ts';
import { DnsClientError } from './client-error.ts';
import { type DnsRequest, encodeRequest } from './dns-request.ts';
import { matchReply } from './match-reply.ts';
import type { ServerCookies } from './server-cookies.ts';

/** What is wrong with a message that came. */
export interface Doubt {
  readonly error: DnsClientError;
  /**
   * `other`: it has nothing to do with the question, whoever sent it. `doubtful`: it may be the reply, but in a datagram it
   * cannot be believed, and a stream has to tell.
   */
  readonly kind: 'other' | 'doubtful';
}

/** A message to send, and the judge of what comes back. */
export interface Attempt {
  readonly bytes: Buffer;
  /** The reply in `bytes`, or why it is none. */
  judge(bytes: Buffer): DnsMessage | Doubt;
}

/** How an {@link Attempt} is made. */
export interface AttemptStyle {
  readonly id: number;
  /** How the server is named in errors. */
  readonly where: string;
  readonly edns: Omit<EdnsStart, 'dnssecOk'> | undefined;
  /** Sign the request, and insist on a signed reply. */
  readonly key: TsigKey | undefined;
  readonly nowSeconds: () => number;
  /** In a datagram another spelling is doubtful. */
  readonly datagram: boolean;
  /** Spells the name at random, unless the message is signed, which is worth more. */
  readonly disguise?: ((message: Buffer) => void) | undefined;
  readonly cookies?: ServerCookies | undefined;
}

/** One try of `message`, which stays as it is but for its id: somebody else has signed it (RFC 8945 §5.5). */
export function unchangedAttempt(
  message: Buffer,
  { id, where }: Pick<AttemptStyle, 'id' | 'where'>,
): Attempt {
  const bytes = Buffer.from(message);
  bytes.writeUInt16BE(id, 0);
  return {
    bytes,
    judge: (reply) =>
      matchReply(bytes, reply) === 'other'
        ? doubtful(where, 'other', 'it does not answer the question')
        : readWhole(where, reply),
  };
}

/** One try of `request`. Throws as {@link encodeRequest}. */
export function newAttempt(request: DnsRequest, style: AttemptStyle): Attempt {
  const { id, edns, key, nowSeconds, where, datagram, cookies } = style;
  const reserveBytes = key === undefined ? 0 : tsigBytes(key);
  const query = encodeRequest(request, { id, edns, reserveBytes });
  const original = Buffer.from(query);
  if (key === undefined) style.disguise?.(query);
  const signed = key && { key, ...signTsigRequest(query, { key, nowSeconds: nowSeconds() }) };
  return {
    bytes: signed?.bytes ?? query,
    judge(bytes) {
      const match = matchReply(query, bytes);
      if (match === 'other') return doubtful(where, 'other', 'it does not answer the question');
      if (datagram && match === 'respelled')
        return doubtful(where, 'doubtful', 'the name is spelled differently');
      // Other names in it are often pointers to the question, and shall not be spelled at random.
      if (key === undefined && match === 'reply') restoreQuestion(bytes, original);
      const reply = readWhole(where, bytes);
      if ('kind' in reply) return reply;
      const trust =
        signed &&
        verifyTsigResponse(reply, {
          key: signed.key,
          requestMac: signed.mac,
          nowSeconds: nowSeconds(),
        });
      if (trust?.kind === 'failed')
        return { kind: 'doubtful', error: tsigFailure(where, reply, trust) };
      if (cookies?.accept(reply) === false)
        return doubtful(where, 'doubtful', 'it does not have the right cookie');
      return reply;
    },
  };
}

/** The message in `bytes`, if nothing is missing. */
function readWhole(where: string, bytes: Buffer): DnsMessage | Doubt {
  // Nobody can tell what is missing, over a stream as well, where nothing larger can be asked for.
  if ((bytes.readUInt16BE(2) & Flag.Truncated) !== 0)
    return doubtful(where, 'doubtful', 'it is truncated');
  const reply = parseMessage(bytes);
  return 'error' in reply ? doubtful(where, 'doubtful', `it is malformed: ${reply.error}`) : reply;
}

function doubtful(where: string, kind: Doubt['kind'], why: string): Doubt {
  const text = `Cannot use what ${where} said as ${why}`;
  return { kind, error: new DnsClientError('HAWSER_DNS_REPLY', text) };
}

function restoreQuestion(reply: Buffer, original: Buffer): void {
  if (reply.readUInt16BE(4) === 1)
    original.copy(reply, HEADER_BYTES, HEADER_BYTES, plainNameEnd(original, HEADER_BYTES));
}

/** What a signature that does not count means for whoever asked. */
export function tsigFailure(
  where: string,
  { rcode }: DnsMessage,
  failure: FailedTsig,
): DnsClientError {
  const { reason, error } = failure;
  const why = {
    unsigned: `the reply is not signed (response code ${rcode})`,
    forged: 'the signature of the reply is wrong',
    stale: 'the reply was signed at another time',
    refused: `the server refused our signature (TSIG error ${error})`,
    clock: `our clock and that of the server differ (TSIG error ${error})`,
  }[reason];
  return new DnsClientError('HAWSER_DNS_TSIG', `Cannot trust ${where} as ${why}`, { rcode });
}
