import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { ResponseReader } from '../../src/wire/response-reader.ts';
import { feedAll, latin1, recordResponses } from './recording.ts';
import { acceptedResponses, refusedResponses } from './response-vectors.ts';

function readerFor(methods: string): {
  reader: ResponseReader;
  responses: ReturnType<typeof recordResponses>;
} {
  const responses = recordResponses();
  const reader = new ResponseReader(responses);
  for (const method of methods.split(' ')) if (method !== '') reader.expect(method);
  return { reader, responses };
}

describe('accepts', () => {
  test.each(
    acceptedResponses.map((vector) => [vector[0], JSON.stringify(vector[1]), vector] as const),
  )('to %s: %s', (_, __, [methods, sent, ...read]) => {
    for (const chunks of chunkings(latin1(sent))) {
      const { reader, responses } = readerFor(methods);
      expect(feedAll(reader, chunks)).toBe(undefined);
      expect(reader.finish()).toBe(undefined);
      const rest = reader.takeRest().toString('latin1');
      const interim = responses.interimLog.map((line) => `(${line})`);
      const left = rest === '' ? [] : [`rest: ${rest}`];
      expect([...interim, ...responses.log, ...left]).toEqual(read);
    }
  });
});

describe('refuses, however it is cut,', () => {
  test.each(
    refusedResponses.map((vector) => [vector[1], JSON.stringify(vector[2]), vector] as const),
  )('as %s: %s', (_, __, [methods, code, sent]) => {
    for (const chunks of chunkings(latin1(sent))) {
      const { reader } = readerFor(methods);
      expect(feedAll(reader, chunks)?.code).toBe(code);
      expect(reader.finish()?.code).toBe(code);
    }
  });
});

test('a body that was cut is not complete', () => {
  const bodies = [
    'Content-Length: 3\r\n\r\nab',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n',
  ];
  for (const body of bodies) {
    const { reader, responses } = readerFor('GET');
    expect(reader.feed(latin1(`HTTP/1.1 200 OK\r\n${body}`))).toBe(undefined);
    expect(reader.finish()?.code).toBe('incomplete-body');
    expect(responses.log[0]).toMatch(/<ab> \.\.\.$/);
  }
});

test('the end of the input waits for a resume to end a body', () => {
  const { reader, responses } = readerFor('GET');
  responses.before = () => reader.pause();
  reader.feed(latin1('HTTP/1.1 200 OK\r\n\r\nabc'));
  expect(reader.finish()).toBe(undefined);
  expect(responses.log).toEqual(["200 'OK' 1.1 close {} ..."]);
  reader.resume();
  expect(responses.log).toEqual(["200 'OK' 1.1 close {} <abc> ..."]);
  reader.resume();
  expect(responses.log).toEqual(["200 'OK' 1.1 close {} <abc>"]);
});

test('at most 128 interim responses come before one that counts', () => {
  const interim = latin1('HTTP/1.1 102 Processing\r\n\r\n');
  const { reader, responses } = readerFor('GET');
  for (let count = 0; count < 128; count++) expect(reader.feed(interim)).toBe(undefined);
  expect(responses.interimLog).toHaveLength(128);
  expect(reader.feed(interim)?.code).toBe('too-many-interim');
});

test('a request may be sent while an answer is read', () => {
  const { reader, responses } = readerFor('GET');
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab';
  reader.feed(latin1(answer.slice(0, -1)));
  reader.expect('HEAD');
  reader.feed(latin1(`b${answer.slice(0, -2)}`));
  expect(responses.log.map((line) => line.endsWith('>'))).toEqual([true, false]);
  expect(reader.state).toBe('idle');
});
