import { performance } from 'node:perf_hooks';

/** Waits until the event loop has had nothing to do for `ms`: on loopback the kernel says at once what it has to say. */
export async function calm(ms = 4): Promise<void> {
  let seen = -1;
  for (let passed = 0; passed <= ms; passed++) {
    const { events } = performance.nodeTiming.uvMetricsInfo;
    if (events !== seen) passed = 0;
    seen = events;
    await new Promise((done) => setTimeout(done, 1));
  }
}
