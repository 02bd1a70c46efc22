const STATE: unique symbol = Symbol('hawser.http.requestState');

interface WithState {
  [STATE]?: Map<symbol, unknown>;
}

/** A value that middleware attaches to a request for what comes after it. */
export interface RequestState<T> {
  readonly name: string;
  /** `undefined` where nothing was attached. */
  get(request: object): T | undefined;
  /** @throws TypeError when nothing was attached: the middleware that does it is missing or comes later */
  require(request: object): T;
  set(request: object, value: T): void;
}

/**
 * Makes a place for values of one type at every request. Each call makes another place, whatever the name. What is
 * attached goes along when middleware replaces the request, and with the request.
 *
 * @example
 * const user = requestState<User>('user');
 * const login: Middleware = (request, next) => { user.set(request, find(request)); return next(); };
 * app.use(login).get('/me', (request) => Response.json(user.require(request)));
 */
export function requestState<T>(name: string): RequestState<T> {
  const key = Symbol(name);
  const get = (request: object): T | undefined =>
    (request as WithState)[STATE]?.get(key) as T | undefined;
  return {
    name,
    get,
    require(request) {
      const value = get(request);
      if (value === undefined) {
        throw new TypeError(
          `Cannot read ${JSON.stringify(name)} as nothing attached it to the request`,
        );
      }
      return value;
    },
    set(request, value) {
      const owner = request as WithState;
      owner[STATE] ??= new Map();
      owner[STATE].set(key, value);
    },
  };
}

/** Lets `to` share what is attached to `from`. */
export function carryRequestState(from: object, to: object): void {
  const state = ((from as WithState)[STATE] ??= new Map());
  if ((to as WithState)[STATE] === undefined) (to as WithState)[STATE] = state;
}
