import { expect, test } from 'vitest';
import { fromCrossed, toCrossed } from '../../src/blocking/crossed-error.ts';
import { HttpError } from '../../src/http-error.ts';

function cross(thrown: unknown): Error {
  return fromCrossed(structuredClone(toCrossed(thrown)));
}

test('an error keeps its name, message, stack and code', () => {
  const error = Object.assign(new RangeError('too far'), { code: 'E_FAR' });
  expect(cross(error)).toMatchObject({
    name: 'RangeError',
    message: 'too far',
    code: 'E_FAR',
    stack: error.stack,
  });
});

test('an HttpError is one again', () => {
  const crossed = cross(
    new HttpError(409, 'taken', { headers: { 'x-a': 'b' }, body: 'taken\n', report: true }),
  );
  expect(crossed).toBeInstanceOf(HttpError);
  expect(crossed).toMatchObject({
    status: 409,
    headers: { 'x-a': 'b' },
    body: 'taken\n',
    report: true,
  });
});

test.each([200, 600, 4.5])('what calls itself an HttpError with status %d is a 500', (status) => {
  const error = Object.assign(new Error('wrong'), { name: 'HttpError', status, headers: { a: 1 } });
  expect(cross(error)).toMatchObject({ status: 500, headers: {} });
});

test.each([
  ['text', 'Thrown: text'],
  [undefined, 'Thrown: undefined'],
  [{ a: [1] }, 'Thrown: { a: [ 1 ] }'],
  [() => 1, 'Thrown: [Function (anonymous)]'],
])('anything may be thrown: %s', (thrown, message) => {
  expect(cross(thrown).message).toBe(message);
});

test('causes cross up to a limit, round ones too', () => {
  const round = new Error('round');
  round.cause = round;
  let depth = 0;
  for (let error: unknown = cross(round); error instanceof Error; error = error.cause) depth += 1;
  expect(depth).toBe(9);
});

test('what cannot be cloned is left out', () => {
  const error = Object.assign(new Error('odd'), { code: () => 1, cause: () => 1 });
  expect(cross(error)).toMatchObject({ message: 'odd', cause: { message: /Function/ } });
});

test.each([
  [
    'an object',
    {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw new Error('no look');
      },
    },
  ],
  [
    'an error',
    Object.defineProperty(new Error('x'), 'cause', {
      get() {
        throw new Error('no look');
      },
    }),
  ],
  ['a proxy', Proxy.revocable({}, {}).proxy],
  ['an error with such a name', Object.assign(new Error('x'), { name: { toString: 1 } })],
])('%s that cannot be looked at crosses as well', (_, thrown) => {
  expect(toCrossed(thrown).name).toBe('Error');
});
