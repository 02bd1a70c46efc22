// DNS over HTTP. Needs @hawser/http.

// The server.
export { type DohOptions, doh } from './doh.ts';
