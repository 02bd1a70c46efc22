declare const infoType: unique symbol;

/**
 * A typed key for a fact about a connection, read with {@link Transport.info}. Values are plain data.
 * Two keys are the same only when they are the same object.
 */
export interface InfoKey<T> {
  readonly name: string;
  readonly [infoType]?: T;
}
