import { plainAnswer } from './plain-answer.ts';
import { endTurn, type Turn } from './turn.ts';

/**
 * Whether an answer would be taken for a tunnel: 2xx to CONNECT, by a handler that does not know what it was asked for.
 * It is 501 then, which is sent here.
 */
export function refuseTunnel(turn: Turn, status: number): boolean {
  const { exchange } = turn;
  if (exchange.method !== 'CONNECT' || status > 299) return false;
  plainAnswer(turn, 501);
  endTurn(turn);
  return true;
}
