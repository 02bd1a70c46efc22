// DNS over HTTP. Needs @hawser/http.

// The server.
export { type DohOptions, doh } from './doh.ts';
// The client.
export { type DohExchangeOptions, dohExchange } from './doh-client.ts';
