import type { HttpExchange } from '../src/contract/exchange.ts';

/** Answers 200 with the body of the request as it comes, at the pace of whoever is slower. */
export function echoBody(exchange: HttpExchange): void {
  const out = exchange.stream({ status: 200, fields: [] });
  exchange.body.consume({
    data(chunk) {
      if (out.write(chunk)) return;
      exchange.body.pause();
      out.onceDrained(() => exchange.body.resume());
    },
    end: () => out.end(),
    failed: (error) => out.abort(error),
  });
}
