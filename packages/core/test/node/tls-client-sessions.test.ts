import { expect, test } from 'vitest';
import { TlsClientSessions } from '../../src/node/tls-client-sessions.ts';

const session = (text: string): Buffer => Buffer.from(text);

test('a session is given away once, the newest first, two of a name', () => {
  const sessions = new TlsClientSessions();
  for (const text of ['old', 'newer', 'newest']) sessions.keep('a.example', session(text));
  expect(sessions.take('b.example')).toBeUndefined();
  expect(String(sessions.take('a.example'))).toBe('newest');
  expect(String(sessions.take('a.example'))).toBe('newer');
  expect(sessions.take('a.example')).toBeUndefined();
});

test('a hundred names are kept, those used last', () => {
  const sessions = new TlsClientSessions();
  for (let name = 0; name < 100; name++) sessions.keep(`${name}.example`, session('x'));
  sessions.keep('0.example', session('again'));
  sessions.keep('100.example', session('one more'));
  expect(sessions.take('1.example')).toBeUndefined();
  expect(String(sessions.take('0.example'))).toBe('again');
  expect(String(sessions.take('100.example'))).toBe('one more');
});
