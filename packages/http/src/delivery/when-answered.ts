/** A response, now or later. */
export type Answer = Response | Promise<Response>;

/** What `change` makes of an answer: now, if it is there now, so that nothing becomes a promise on its way. */
export function whenAnswered(answer: Answer, change: (response: Response) => Answer): Answer {
  return answer instanceof Promise ? answer.then(change) : change(answer);
}
