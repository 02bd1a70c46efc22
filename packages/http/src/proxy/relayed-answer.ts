import { ClientResponse } from '../client/client-response.ts';
import { HttpError } from '../http-error.ts';
import { HttpHeaders, toFieldLines } from '../web/http-headers.ts';
import { HttpResponse } from '../web/http-response.ts';
import { endToEndFields } from './end-to-end-fields.ts';

/** The answer of a server as that of the proxy, which `via` names. */
export function relayedAnswer(response: ClientResponse, via: string): HttpResponse {
  const { status, statusText } = response;
  const fields = endToEndFields(response.fields);
  fields.push('via', `${response.version} ${via}`);
  const init = { status, statusText, headers: HttpHeaders.over(fields) };
  const length = ClientResponse.lengthOf(response);
  // The head is the end as well, and has to stay so: to gRPC it makes a difference.
  if (length === 0 || !response.body) return new HttpResponse(null, init);
  const body = relayedBody(response.body);
  if (length !== undefined) return new HttpResponse(body, init);
  const trailers = (): HttpHeaders => {
    return HttpHeaders.over(endToEndFields(toFieldLines(response.trailers)));
  };
  return new HttpResponse(body, { ...init, trailers });
}

/**
 * The body of a server's answer. If it breaks off, so does that of the proxy, as the peer must not take half an answer
 * for a whole one; that is nobody's mistake here, and not reported.
 */
function relayedBody(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          throw new HttpError(502, 'Cannot relay the rest of the answer', { report: false, cause });
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
