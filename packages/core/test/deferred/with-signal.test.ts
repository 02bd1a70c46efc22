import { expect, test, vi } from 'vitest';
import { Deferred } from '../../src/deferred/deferred.ts';
import { withSignal } from '../../src/deferred/with-signal.ts';

test('an abort cancels, with the reason of the signal as cause', () => {
  const controller = new AbortController();
  const canceller = vi.fn<() => void>();
  const bound = withSignal(new Deferred({ canceller }), controller.signal);
  controller.abort('closing');
  expect(canceller).toHaveBeenCalledOnce();
  expect(bound.peek()).toMatchObject({ error: { code: 'HAWSER_CANCELLED', cause: 'closing' } });
});

test('a signal that is aborted already cancels at once', () => {
  const bound = withSignal(new Deferred(), AbortSignal.abort('early'));
  expect(bound.peek()).toMatchObject({ state: 'rejected', error: { cause: 'early' } });
});

test('the listener is removed once settled, either way', () => {
  for (const settle of ['resolve', 'reject'] as const) {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const source = new Deferred<unknown>();
    const bound = withSignal(source, signal);
    source[settle]('x');
    expect(bound.peek().state).toBe(settle === 'resolve' ? 'fulfilled' : 'rejected');
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]?.[1]);
  }
});

test('without a signal it is the same deferred', () => {
  const source = new Deferred();
  expect(withSignal(source, undefined)).toBe(source);
});
