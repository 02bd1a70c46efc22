import type { ClientResponse } from './client-response.ts';
import { HttpResponseError } from './http-request-error.ts';

/** The server did not agree to speak something else. Read its response, or discard it. */
export class UpgradeRefusedError extends HttpResponseError {
  readonly response: ClientResponse;

  constructor(response: ClientResponse) {
    const text = `Cannot speak something else with the server as it answered ${response.status}`;
    super('HAWSER_HTTP_UPGRADE_REFUSED', text, { phase: 'head' });
    this.response = response;
  }
}
