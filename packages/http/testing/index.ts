// An app, driven in memory.
export { PipeEndpoint } from './pipe-endpoint.ts';
// A server, scripted.
export type {
  StubAnswer,
  StubBytes,
  StubEnd,
  StubReplies,
  StubReply,
  StubTiming,
} from './stub-reply.ts';
export type { StubRequest } from './stub-request.ts';
export { type StubExpectation, type StubMatch, StubServer } from './stub-server.ts';
export { type TestClient, type TestClientOptions, testClient } from './test-client.ts';
