/** The one place for errors that nobody owns: a callback that threw, a `Deferred` that failed unheard. */
export interface Reports {
  /**
   * Records `error`. `where` names the place as a reader would look for it, such as `"echo.dataReceived"`.
   * Never throws.
   */
  problem(where: string, error: unknown): void;
}
