import type { IncomingBody } from '../contract/body.ts';
import type { ProgressMeter } from './progress.ts';

/** `body`, whose octets `meter` counts as they come. */
export function meteredBody(body: IncomingBody, meter: ProgressMeter): IncomingBody {
  return {
    get length() {
      return body.length;
    },
    get received() {
      return body.received;
    },
    get trailers() {
      return body.trailers;
    },
    get used() {
      return body.used;
    },
    consume(consumer) {
      body.consume({
        data(chunk) {
          meter.add(chunk.length);
          consumer.data(chunk);
        },
        end() {
          meter.done();
          consumer.end();
        },
        failed: (error) => consumer.failed(error),
      });
    },
    pause: () => body.pause(),
    resume: () => body.resume(),
    discard: () => body.discard(),
  };
}
