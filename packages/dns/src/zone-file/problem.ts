// What is wrong with a zone file, and where.

/** A place in a zone file. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In octets, from 1. */
  readonly column: number;
}

/** A mistake in a zone file, or something that looks like one. */
export interface ZoneFileProblem extends Place {
  readonly message: string;
}

/** `example.zone:12:5: Cannot read ...`, as compilers write it and editors find it. */
export function formatProblem({ file, line, column, message }: ZoneFileProblem): string {
  return `${file}:${line}:${column}: ${message}`;
}
