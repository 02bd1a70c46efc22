import type { LayerConformanceCase } from './layer-case.ts';
import { layerFailureCases } from './layer-failures.ts';
import { layerNestingCases } from './layer-nesting.ts';
import { layerPassingCases } from './layer-passing.ts';
import { layerShapeCases } from './layer-shape.ts';

/**
 * What every layer must do, whatever it is for: pass bytes, ends, drains, pauses and reasons on, keep the call grammar,
 * leave other connections alone, and stand anywhere in a stack. Run each case on a harness of its own:
 *
 * @example
 * for (const each of layerConformance) {
 *   test.skipIf(!isApplicable(each, can))(each.name, () => each.run(makeHarness()));
 * }
 */
export const layerConformance: readonly LayerConformanceCase[] = [
  ...layerShapeCases,
  ...layerPassingCases,
  ...layerFailureCases,
  ...layerNestingCases,
];
