import { toFactory } from '../connection/factory.ts';
import type { ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import { asServerEndpoint } from '../endpoints/parse-endpoint.ts';
import { ListenerService } from './listener-service.ts';

/** Options for {@link portService}. */
export interface PortServiceOptions {
  /** @defaultValue the endpoint and the name of the factory */
  readonly name?: string | undefined;
}

/**
 * A service that listens on an endpoint. The endpoint is read when the service starts, so that a bad string is a
 * failed start like a port that is taken.
 *
 * @example await run(serve('tcp://:7000', () => new Echo()));
 */
export function portService(
  endpoint: string | ServerEndpoint,
  factory: FactoryLike,
  options: PortServiceOptions = {},
): ListenerService<Port> {
  const whole = toFactory(factory);
  const { name = `${String(endpoint)} ${whole.name}` } = options;
  return new ListenerService<Port>({
    name,
    listen: (reactor) => asServerEndpoint(endpoint).listen(reactor, whole),
    quiesce: (port) => port.quiesce(),
    drain: (port, deadline) =>
      port.drain(deadline).addCallback((report) => ({ [port.protocol]: report })),
    stop: (port) => port.stop(),
    describe: String,
  });
}

/** {@link portService}, by the name that reads well in `run(serve(...))`. */
export function serve(
  endpoint: string | ServerEndpoint,
  factory: FactoryLike,
  options?: PortServiceOptions,
): ListenerService<Port> {
  return portService(endpoint, factory, options);
}
