import type { CodecLimits } from '../contract/codec.ts';

/** What the readers allow where nothing else is said. */
export const defaultCodecLimits: CodecLimits = {
  maxHeadBytes: 16_384,
  maxFields: 100,
  maxTargetBytes: 8_192,
  maxChunkExtensionBytes: 16_384,
  maxTrailerBytes: 16_384,
  extraMethods: [],
};
