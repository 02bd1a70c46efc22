/**
 * A decoder for the charset of a `Content-Type`; UTF-8 if it names none, or one that nobody knows. Broken sequences
 * become U+FFFD, and a byte order mark is left out.
 */
export function decoderOf(contentType: string | null): InstanceType<typeof TextDecoder> {
  const charset = /;\s*charset\s*=\s*"?([^\s";]{1,40})/i.exec(contentType ?? '')?.[1];
  try {
    return new TextDecoder(charset ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
}
