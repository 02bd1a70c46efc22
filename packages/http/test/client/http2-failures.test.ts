import { constants } from 'node:http2';
import { expect, test } from 'vitest';
import { type StreamEnd, whyEnded } from '../../src/client/http2-failures.ts';

const {
  NGHTTP2_CANCEL: CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM: CALM,
  NGHTTP2_HTTP_1_1_REQUIRED: HTTP1,
  NGHTTP2_INTERNAL_ERROR: INTERNAL,
  NGHTTP2_PROTOCOL_ERROR: PROTOCOL,
  NGHTTP2_REFUSED_STREAM: REFUSED,
} = constants;

const END: StreamEnd = {
  stream: 5,
  phase: 'head',
  answered: false,
  code: INTERNAL,
  reset: undefined,
  goaway: undefined,
  sessionOver: false,
};
const refused = { code: 'HAWSER_HTTP_REFUSED', sent: 'nothing' };
const cut = { code: 'HAWSER_HTTP_INCOMPLETE', sent: 'something' };

test.each<[string, Partial<StreamEnd>, unknown]>([
  ['that never began', { stream: 0 }, refused],
  ['after the last that the server has taken', { goaway: { code: 0, lastStream: 3 } }, refused],
  ['after that, by a mistake', { goaway: { code: INTERNAL, lastStream: 3 } }, refused],
  [
    'that it has begun to answer all the same',
    { code: REFUSED, goaway: { code: 0, lastStream: 3 }, answered: true },
    { ...cut, message: expect.stringContaining('ended the connection: REFUSED_STREAM') as unknown },
  ],
  ['that the server refuses', { reset: REFUSED }, refused],
  ['that it refuses after a part of the answer', { reset: REFUSED, answered: true }, cut],
  ['that the server resets', { reset: CANCEL }, cut],
  ['that the server resets before it leaves', { reset: CANCEL, sessionOver: true }, cut],
  ['on a connection that the server ends', { goaway: { code: CALM, lastStream: 5 } }, cut],
  ['for which the server wants HTTP/1.1', { reset: HTTP1 }, 'http/1.1'],
  ['on a connection that wants it', { goaway: { code: HTTP1, lastStream: 9 } }, 'http/1.1'],
  ['of a connection that is gone', { sessionOver: true }, 'gone'],
  ['after a goodbye', { sessionOver: true, goaway: { code: 0, lastStream: 9 } }, 'gone'],
  ['with too many fields', { code: CALM }, { reason: 'head-too-long' }],
  ['that breaks the protocol', { code: PROTOCOL }, { reason: 'malformed-stream' }],
])('a stream %s', (_, end, expected) => {
  const why = whyEnded({ ...END, ...end });
  expect({ why }).toMatchObject({ why: expected });
});
