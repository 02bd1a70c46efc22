// Replies that refuse: RFC 5321 §4.2, enhanced status codes RFC 3463.

import { HawserError } from '@hawser/core';

/** Every code an error of this package can carry. */
export type SmtpErrorCode = 'HAWSER_SMTP_REFUSED';

/** Options for {@link SmtpError}. */
export interface SmtpErrorOptions extends ErrorOptions {
  /** Enhanced status code such as `"5.7.1"`. Without it, the usual one of the reply code. */
  readonly enhanced?: string | undefined;
}

/**
 * The answer "no" of a hook, thrown or returned. `responseCode` 4xx asks the client to try again later, 5xx not to;
 * 421 closes the session as well. The text is sent to the client: keep secrets out of it.
 *
 * @throws RangeError if the reply code is not 400..599, or the enhanced code is of another class
 * @example throw new SmtpError(550, 'No such mailbox', { enhanced: '5.1.1' })
 */
export class SmtpError extends HawserError<SmtpErrorCode> {
  override readonly name: string = 'SmtpError';
  readonly responseCode: number;
  readonly enhanced: string | undefined;

  constructor(responseCode: number, text: string, options: SmtpErrorOptions = {}) {
    const { enhanced, ...rest } = options;
    if (!Number.isInteger(responseCode) || responseCode < 400 || responseCode > 599) {
      throw new RangeError(
        `Cannot refuse as the reply code must be 400 to 599: current value is ${responseCode}`,
      );
    }
    const ofClass = new RegExp(`^${Math.floor(responseCode / 100)}\\.\\d{1,3}\\.\\d{1,3}$`);
    if (enhanced !== undefined && !ofClass.test(enhanced)) {
      throw new RangeError(
        `Cannot refuse as the enhanced code does not fit ${responseCode}: current value is "${enhanced}"`,
      );
    }
    super('HAWSER_SMTP_REFUSED', enhanced === undefined ? text : `${enhanced} ${text}`, rest);
    this.responseCode = responseCode;
    this.enhanced = enhanced;
  }
}
