// Who looks after a zone as long as it is there.
import type { Has } from '@hawser/core';
import type { Name } from '../name.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Eventually } from './handler.ts';
import type { CommitHook, LiveZone } from './live-zone.ts';

/** Where an attendant finds itself. */
export interface AttendantContext {
  readonly origin: Name;
  /** A place of its own in the store of the zone. */
  readonly bucket: (name: string) => Bucket;
  readonly reactor: Has<'clock'>;
}

/** Takes part in each change of one zone, and makes changes of its own while the zone is served: signs it, for example. */
export interface ZoneAttendant {
  /** They come after all other hooks of the zone. */
  readonly hooks: readonly CommitHook[];
  /** First of all. @throws UsageError for a second zone */
  attach(context: AttendantContext): Promise<void>;
  /** The zone is there, and not served yet. */
  opened(zone: LiveZone): Promise<void>;
  /** The zone is served. */
  started(reactor: Has<'clock' | 'reports'>): void;
  /** The zone is not served any more. */
  stopped(): Eventually<void>;
}
