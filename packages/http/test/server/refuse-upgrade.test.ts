import { FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { formatRefusal } from '../../src/server/refusal.ts';
import { refuseUpgrade } from '../../src/server/upgrade.ts';

const { clock } = new FakeTransport().reactor;

test('a refusal says what it is told, in lines of its own', () => {
  expect(formatRefusal(426, clock, ['Sec-WebSocket-Version: 13', 'X-Two:2'])).toMatch(
    /close\r\nSec-WebSocket-Version: 13\r\nX-Two: 2\r\n\r\nUpgrade Required\n$/,
  );
});

test('a refusal keeps its own framing', () => {
  const text = formatRefusal(403, clock, ['content-length: 0', 'Transfer-Encoding: chunked']);
  expect(text.match(/content-length|transfer-encoding/gi)).toEqual(['Content-Length']);
});

test.each(['A: b\r\nSet-Cookie: c', 'A b: c', 'no colon', ': empty', 'A: \u010d\u010a'])(
  'a refusal with a line that is none is itself refused: %j',
  (line) => {
    expect(() => formatRefusal(403, clock, [line])).toThrow(
      expect.objectContaining({ code: 'HAWSER_HTTP_BAD_FIELD' }),
    );
  },
);

test.each([101, 204, 299, 600, 403.5, Number.NaN])('an upgrade is not refused by %d', (status) => {
  const transport = new FakeTransport();
  const socket = {} as Parameters<typeof refuseUpgrade>[0];
  expect(() => refuseUpgrade(socket, { status, transport })).toThrow(/such a status/);
});
