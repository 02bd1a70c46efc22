const TYPES: ReadonlySet<string> = new Set([
  'application/atom+xml',
  'application/dns-json',
  'application/geo+json',
  'application/graphql',
  'application/javascript',
  'application/json',
  'application/json5',
  'application/jsonl',
  'application/ld+json',
  'application/manifest+json',
  'application/ndjson',
  'application/rtf',
  'application/sql',
  'application/toml',
  'application/vnd.api+json',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-httpd-php',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-www-form-urlencoded',
  'application/xhtml+xml',
  'application/xml',
  'application/yaml',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/svg+xml',
  'image/vnd.microsoft.icon',
  'image/x-icon',
]);

/** Whether content of this type, given as a `content-type` field, becomes much smaller by compression. */
export function isCompressible(contentType: string): boolean {
  const end = contentType.indexOf(';');
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (type === 'text/event-stream') return false;
  return type.startsWith('text/') || TYPES.has(type) || /\+(?:json|xml|text|yaml)$/.test(type);
}
