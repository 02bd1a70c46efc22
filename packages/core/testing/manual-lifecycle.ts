export { ManualLifecycle } from '../src/sim/manual-lifecycle.ts';
