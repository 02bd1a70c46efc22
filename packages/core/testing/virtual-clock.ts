export { VirtualClock } from '../src/sim/virtual-clock.ts';
