import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import { TextProblem, Words } from '../rdata/words.ts';
import { STEADY_TTL } from '../zone/default-ttl.ts';
import { isTtl } from '../zone/rrset.ts';
import { toName } from './parse-zone.ts';
import { RecordReader } from './record-reader.ts';

/** One record, as a line of a zone file says it. */
export interface TextRecord {
  readonly name: Name;
  readonly type: number;
  readonly ttl: number;
  readonly rdata: Rdata;
}

/** Options for {@link parseRecord}. */
export interface ParseRecordOptions {
  /** What relative names and `@` are relative to. @defaultValue every name is absolute */
  readonly origin?: Name | string | undefined;
  /** TTL of a line without one, in seconds. @defaultValue 3600 */
  readonly ttl?: number | undefined;
  /** Cuts TXT strings of more than 255 octets into several. @defaultValue false */
  readonly autoSplitTxt?: boolean | undefined;
}

/**
 * Reads one record such as `www 300 IN A 192.0.2.1`; parentheses may spread it over lines.
 * @throws UsageError `HAWSER_DNS_RDATA` with the column, counted in octets from 1; `HAWSER_DNS_OPTIONS`
 */
export function parseRecord(text: string, options: ParseRecordOptions = {}): TextRecord {
  const { origin, ttl = STEADY_TTL, autoSplitTxt = false } = options;
  if (!isTtl(ttl))
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot read a record with a TTL of ${ttl}`);
  const words = new Words();
  if (origin !== undefined) words.origin = toName(origin);
  words.splitStrings = autoSplitTxt;
  const reader = new RecordReader({
    default: ttl,
    last: undefined,
    minimum: undefined,
    fallback: undefined,
  });
  try {
    const bytes = Buffer.from(text.trim());
    const end = words.cut(bytes, 0, true);
    if (end < bytes.length)
      throw new TextProblem(end, 'Cannot read a second line as there is one record');
    reader.read(words);
  } catch (error) {
    if (!(error instanceof TextProblem)) throw error;
    throw usageError('HAWSER_DNS_RDATA', `${error.message} (column ${error.offset + 1})`);
  }
  const { owner, type } = reader;
  const rdata = checkRdata(type, Buffer.from(reader.wire));
  if (rdata === undefined)
    throw usageError('HAWSER_DNS_RDATA', `Cannot read "${text.slice(0, 200)}"`);
  return { name: Name.fromOctets(owner), type, ttl: reader.ttl, rdata };
}
