import { expect, test } from 'vitest';
import { malformed, malformedCodes } from '../../src/wire/malformed.ts';
import { refused } from './request-vectors.ts';
import { refusedResponses } from './response-vectors.ts';

test('codes and their statuses are stable', () => {
  const lines = malformedCodes.map((code) => `${malformed(code).status} ${code}`);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "400 control-character
    400 bare-cr
    400 bare-lf
    400 leading-crlf
    400 bad-request-line
    501 unknown-method
    400 bad-target
    414 target-too-long
    400 bad-version
    505 unsupported-version
    502 bad-status-line
    502 unexpected-response
    502 too-many-interim
    502 unexpected-switch
    431 head-too-long
    431 too-many-fields
    400 obs-fold
    400 missing-colon
    400 bad-field-name
    400 space-in-field-name
    400 missing-host
    400 duplicate-host
    400 bad-host
    400 bad-content-length
    400 duplicate-content-length
    400 duplicate-transfer-encoding
    400 length-and-chunked
    400 chunked-in-1.0
    501 unknown-transfer-coding
    400 connect-with-body
    400 bad-connection
    400 bad-chunk-size
    400 chunk-too-large
    400 bad-chunk-extension
    400 chunk-extensions-too-long
    400 bad-chunk-end
    431 trailers-too-long
    400 forbidden-trailer
    417 unknown-expectation
    400 incomplete-head
    400 incomplete-body"
  `);
});

test('each code has octets that lead to it', () => {
  const shown = new Set<string>([
    ...refused.map(([code]) => code),
    ...refusedResponses.map(([, code]) => code),
    // In the tests of limits and of the end of the input.
    'target-too-long',
    'head-too-long',
    'too-many-fields',
    'chunk-extensions-too-long',
    'trailers-too-long',
    'too-many-interim',
    'incomplete-head',
    'incomplete-body',
  ]);
  expect(malformedCodes.filter((code) => !shown.has(code))).toEqual([]);
});

test('a refusal cannot be changed', () => {
  expect(Object.isFrozen(malformed('bare-lf'))).toBe(true);
  expect(malformed('bare-lf')).toBe(malformed('bare-lf'));
});
