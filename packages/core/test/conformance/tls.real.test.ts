import { describe } from 'vitest';
import { transportConformance } from '../../conformance/index.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { runCases } from './run-cases.ts';
import { TLS_VERSIONS, tlsKind } from './tls-kind.ts';

describe.each(TLS_VERSIONS)('%s over TCP', (version) => {
  runCases(transportConformance, tlsKind(version));
});

describe.each(TLS_VERSIONS)(
  '%s through a transform layer, so over a stream that is no socket',
  (version) => {
    runCases(
      transportConformance,
      tlsKind(
        version,
        transform('copy', () => ({})),
      ),
    );
  },
);
