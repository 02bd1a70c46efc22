import type { LiveZone } from '../../contract/live-zone.ts';
import type { HttpUpdateContext } from '../http/http-context.ts';
import type { KnownApiToken } from './api-token.ts';

/** A request whose token was found. */
export interface ApiCall {
  readonly request: Request;
  readonly method: string;
  readonly url: URL;
  readonly token: KnownApiToken;
  readonly context: HttpUpdateContext;
}

/** A call about one zone. */
export interface ZoneCall extends ApiCall {
  readonly zone: LiveZone;
}

/** What the API was told of sizes and times. */
export interface ApiLimits {
  readonly ttl: number;
  readonly maxBodyBytes: number;
  readonly maxChanges: number;
  readonly maxPage: number;
}
