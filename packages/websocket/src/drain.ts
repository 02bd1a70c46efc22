import { CloseCode } from './close-code.ts';
import type { WebSocketSession } from './web-socket-session.ts';

/** Says that the server goes away, so that the peer connects again elsewhere (RFC 6455 §7.4.1). */
export function drainSession(session: WebSocketSession, deadline: number): void {
  session.closeUntil(deadline, CloseCode.GoingAway, 'server stops');
}
