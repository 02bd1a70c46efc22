import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { answerWith, codeAnswer } from '../../src/contract/answer.ts';
import { StaleAnswers } from '../../src/handlers/stale-answers.ts';
import { ExtendedErrorCode, Rcode } from '../../src/numbers.ts';

const { clock } = createTestReactor();
const why = (code: number) => [{ code }];

test('a stale answer says that it is', () => {
  const answers = new StaleAnswers();
  answers.keep('a', codeAnswer(Rcode.NoError), clock);
  answers.keep('b', codeAnswer(Rcode.NXDomain), clock);
  answers.keep('c', codeAnswer(Rcode.ServFail), clock);
  expect(answers.get('a', clock)?.errors).toEqual(why(ExtendedErrorCode.StaleAnswer));
  expect(answers.get('b', clock)?.errors).toEqual(why(ExtendedErrorCode.StaleNxdomainAnswer));
  expect(answers.get('c', clock)).toBeUndefined();
});

test('it is made for one query, and no reply is kept with it', () => {
  const answers = new StaleAnswers();
  answers.keep('a', answerWith(Rcode.NoError, { shared: true }), clock);
  expect(answers.get('a', clock)).not.toBe(answers.get('a', clock));
  expect(answers.get('a', clock)?.shared).toBeUndefined();
});
