/** Why a request over HTTP/2 has failed, by what is known of its stream and its connection (RFC 9113 §7, §8.7). */
import { constants } from 'node:http2';
import { cutOff } from './cut-off.ts';
import { HttpRequestError, HttpResponseError, type RequestPhase } from './http-request-error.ts';
import { http2Name } from './http2-names.ts';
import { malformedResponse } from './malformed-response.ts';

/** How a stream has ended whose response is not complete. */
export interface StreamEnd {
  /** 0 if it never began. */
  readonly stream: number;
  readonly phase: RequestPhase;
  /** Something of an answer had come. */
  readonly answered: boolean;
  /** What the library says. */
  readonly code: number;
  /** What the server has reset it with. */
  readonly reset: number | undefined;
  readonly goaway: { readonly code: number; readonly lastStream: number } | undefined;
  /** The library has ended the whole connection. */
  readonly sessionOver: boolean;
}

/** `'http/1.1'`: the server wants to be asked over that. `'gone'`: the connection is lost, by whatever. */
export function whyEnded(end: StreamEnd): Error | 'http/1.1' | 'gone' {
  const { stream, phase, answered, reset, goaway } = end;
  const untaken = stream === 0 || (goaway !== undefined && stream > goaway.lastStream);
  // A server that has begun to answer has taken the request, whatever it says later.
  if (untaken && !answered) return refused(phase);
  if (reset === undefined && !goaway?.code && !untaken) {
    return end.sessionOver ? 'gone' : foundWrong(end);
  }
  const why = reset ?? (goaway?.code || end.code);
  if (why === constants.NGHTTP2_REFUSED_STREAM && !answered) return refused(phase);
  if (why === constants.NGHTTP2_HTTP_1_1_REQUIRED && !answered) return 'http/1.1';
  const what = reset === undefined ? 'ended the connection' : 'reset it';
  return cutOff({ phase, sent: 'something' }, `the server ${what}: ${http2Name(why)}`);
}

/** The library has ended the stream, as what the server sent there is wrong. */
function foundWrong({ code, phase }: StreamEnd): Error {
  const tooLong = code === constants.NGHTTP2_ENHANCE_YOUR_CALM;
  return malformedResponse(tooLong ? 'head-too-long' : 'malformed-stream', phase);
}

/** The server has not taken it: it may be sent again, whatever it is. */
export function refused(phase: RequestPhase): HttpRequestError {
  const text = 'Cannot get a response as the server has not taken the request';
  return new HttpRequestError('HAWSER_HTTP_REFUSED', text, { phase, sent: 'nothing' });
}

/** The server sends more that means nothing than is allowed. */
export function flooded(what: string): HttpResponseError {
  const text = `Cannot go on as the server sends too much that means nothing: ${what}`;
  return new HttpResponseError('HAWSER_HTTP_FLOOD', text, { phase: 'head', reason: what });
}
