import { ConnectionError } from '@hawser/core';
import { expect, test } from 'vitest';
import { HttpError } from '../../src/http-error.ts';
import { retryChanged, toHttpError } from '../../src/static/system-errors.ts';

test.each([
  ['EACCES', 403],
  ['EPERM', 403],
  ['EMFILE', 503],
  ['ENFILE', 503],
  ['ENOENT', 404],
  ['HAWSER_HTTP_FILE_CHANGED', 503],
])('%s is answered with %i', (code, status) => {
  const error = toHttpError(failure(code));
  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({ status, headers: status === 503 ? { 'retry-after': '1' } : {} });
});

test('what nobody expects stays what it is', () => {
  const error = failure('EIO');
  expect(toHttpError(error)).toBe(error);
  expect(toHttpError('text')).toBe('text');
});

test('a file that was replaced at the moment is looked for once more, and only once', async () => {
  let attempts = 0;
  const flaky = (times: number, code: string) => {
    attempts = 0;
    return retryChanged(async () => {
      if (++attempts <= times) throw failure(code);
      return attempts;
    });
  };
  expect(await flaky(1, 'HAWSER_HTTP_FILE_CHANGED')).toBe(2);
  expect(await flaky(1, 'ENOENT')).toBe(2);
  await expect(flaky(2, 'ENOENT')).rejects.toThrow('ENOENT');
  await expect(flaky(1, 'EACCES')).rejects.toThrow('EACCES');
  expect(attempts).toBe(1);
});

function failure(code: string): Error {
  if (code === 'HAWSER_HTTP_FILE_CHANGED') {
    return new ConnectionError<'HAWSER_HTTP_FILE_CHANGED'>(code, code);
  }
  return Object.assign(new Error(code), { code });
}
