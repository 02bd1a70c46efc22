/** Limits that only HTTP/2 needs. Each default is safe on the open internet. */
export interface Http2Options {
  /** Requests of one connection that are open at a time (RFC 9113 §5.1.2); more are refused. @defaultValue 100 */
  readonly maxConcurrentStreams?: number | undefined;
  /**
   * Requests a client may cancel, or lose by its own mistakes, in one `floodWindowMs`; then the connection is ended with
   * ENHANCE_YOUR_CALM (CVE-2023-44487). @defaultValue 200
   */
  readonly maxResets?: number | undefined;
  /** SETTINGS and PING frames of a client in one `floodWindowMs`. @defaultValue 100 */
  readonly maxControlFrames?: number | undefined;
  /** Frames of a client that carry nothing in one `floodWindowMs`. @defaultValue 1_000 */
  readonly maxEmptyFrames?: number | undefined;
  /** The time in which frames are counted. @defaultValue 10_000 */
  readonly floodWindowMs?: number | undefined;
  /** Most memory that the library keeps for one connection, in MiB. @defaultValue 10 */
  readonly maxSessionMemoryMiB?: number | undefined;
}
