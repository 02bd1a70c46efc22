// The text format of Prometheus (0.0.4): families of lines, each a name, labels and a number.
import { usageError } from '../errors.ts';

type Labels = Readonly<Record<string, string>>;

/** Labels that lines have by themselves. */
const OWN_LABELS = new Set([
  'transport',
  'opcode',
  'rcode',
  'le',
  'zone',
  'state',
  'kind',
  'reason',
  'result',
]);

/** Writes metrics whose names begin with `hawser_dns_`. */
export class MetricsText {
  readonly #common: Labels;
  readonly #lines: string[] = [];

  /**
   * `common` labels are on every line.
   * @throws UsageError `HAWSER_DNS_OPTIONS` for a label that has no such name as labels have, or one of ours
   */
  constructor(common: Labels) {
    for (const name of Object.keys(common)) checkLabel(name);
    this.#common = common;
  }

  /** Begins what the next lines are about. */
  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.#lines.push(`# HELP hawser_dns_${name} ${help}`, `# TYPE hawser_dns_${name} ${type}`);
  }

  line(name: string, value: number, own: Labels = {}): void {
    const pairs = Object.entries({ ...this.#common, ...own });
    const labels = pairs.map(([key, text]) => `${key}="${escapeLabel(text)}"`).join(',');
    this.#lines.push(`hawser_dns_${name}${labels === '' ? '' : `{${labels}}`} ${value}`);
  }

  /** A counter of one line. */
  counter(name: string, help: string, value: number): void {
    this.family(name, 'counter', help);
    this.line(name, value);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

/** One wrong name, and nothing of the whole text would be read. */
function checkLabel(name: string): void {
  if (/^(?!__)[a-z_][a-z\d_]*$/i.test(name) && !OWN_LABELS.has(name)) return;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot add a label to metrics as "${name}" is no name for one`,
  );
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
