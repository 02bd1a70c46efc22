// Serving.
export type { WebSocketErrorCode } from './errors.ts';
export { type BroadcastResult, Group, type GroupOptions } from './group.ts';
export { matchWebSocket } from './match.ts';
export { type SessionStarter, webSocket } from './server.ts';
export type { WebSocketOptions } from './web-socket-options.ts';
export type { SessionHandler, WebSocketSession } from './web-socket-session.ts';
