import type { HttpExchange } from '../contract/exchange.ts';
import { answerError } from './answer-error.ts';
import { after } from './opening.ts';
import { type StreamedAnswer, sendStream } from './send-stream.ts';
import type { Turn } from './turn.ts';

/**
 * Whether the peer waits to be asked for the body of its request (RFC 9110 §10.1.1), and nobody has asked. Once the head
 * of the answer has left nobody can any more, and a peer may take it for a sign to send nothing.
 */
export function waitsToBeAsked({ method, version, body, fields }: HttpExchange): boolean {
  if (body.used || body.received || method === 'HEAD' || version === '1.0') return false;
  return fields.some((field, at) => at % 2 === 0 && field === 'expect');
}

/**
 * As {@link sendStream}, but the source is read in the turn before: if it is made of the body of the request, that is
 * asked for by it. Never rejects.
 */
export async function sendAfterAsking(turn: Turn, answer: StreamedAnswer): Promise<void> {
  const { source } = answer;
  const { clock } = turn.exchange.transport.reactor;
  try {
    const first = source.next();
    // Whoever reads on hears of a failure; it must not count as unheard until then.
    first.catch(() => undefined);
    await new Promise<void>((pass) => clock.callSoon(pass));
    sendStream(turn, { ...answer, source: after(first, source) });
  } catch (thrown) {
    source.cancel(thrown);
    answerError(turn, thrown);
  }
}
