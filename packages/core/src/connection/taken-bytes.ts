/** What counts its bytes: a connection, or the wire below one. */
interface Counted {
  readonly bytesWritten: number;
  readonly pendingBytes?: number | undefined;
  /** Where it is known more exactly than by what is pending. */
  readonly takenBytes?: number | undefined;
}

/** Bytes that the far side or the kernel has taken. They grow while a large write leaves, when nothing is written. */
export function takenBytes({ takenBytes, bytesWritten, pendingBytes = 0 }: Counted): number {
  return takenBytes ?? bytesWritten - pendingBytes;
}
