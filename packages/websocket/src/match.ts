// A WebSocket begins as an HTTP request, and only the path tells them apart.
export { matchHttp as matchWebSocket } from '@hawser/http';
