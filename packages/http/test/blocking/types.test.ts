import { expectTypeOf, test } from 'vitest';
import type { BlockingHandler, BlockingRequest } from '../../src/index.ts';

test('parameters of a blocking handler are typed by the pattern of its route', () => {
  const report: BlockingHandler<'/reports/:year(\\d{4})/:month?'> = ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<{ readonly year: string; readonly month?: string }>();
    // @ts-expect-error -- the pattern has no such parameter
    return params.day;
  };
  expectTypeOf(report).returns.not.toBeAny();
});

test('without a pattern they may be called anything', () => {
  expectTypeOf<BlockingRequest['params']>().toEqualTypeOf<Readonly<Record<string, string>>>();
});
