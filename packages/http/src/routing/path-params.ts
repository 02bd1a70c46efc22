/** What the parts of a path are called and what was in them, percent-decoded once. */
export type Params = Readonly<Record<string, string>>;

/** No parameters. */
export type NoParams = Readonly<Record<never, string>>;

/**
 * The parameters of a pattern, read from its text: `PathParams<'/hosts/:name/:port(\\d+)?'>` is
 * `{ name: string; port?: string }`. A pattern that is only known to be a `string` may have any.
 */
export type PathParams<Pattern extends string> = string extends Pattern
  ? Params
  : Flat<SegmentsParams<Pattern>>;

/** The parameters of a pattern and those from around its router. */
export type ParamsWithin<Outer, Pattern extends string> = Flat<Outer & PathParams<Pattern>>;

type SegmentsParams<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? SegmentParams<Segment> & SegmentsParams<Rest>
  : SegmentParams<Path>;

// "::" is a colon that stands for itself.
type SegmentParams<Segment extends string> = Segment extends '*'
  ? { readonly '*': string }
  : Segment extends `${infer Before}::${infer Rest}`
    ? SegmentParams<Before> & SegmentParams<Rest>
    : Segment extends `${string}:${infer Rest}`
      ? NamedParams<Rest>
      : NoParams;

// `Text` begins with a name. It ends at a regular expression, at static text, at "?" or with the segment.
type NamedParams<Text extends string> = Text extends `${infer Name}(${string})${infer Rest}`
  ? Name extends `${string}${'-' | '.' | '?'}${string}`
    ? PlainParams<Text>
    : Rest extends '?'
      ? { readonly [Key in Name]?: string }
      : { readonly [Key in Name]: string } & SegmentParams<Rest>
  : PlainParams<Text>;

type PlainParams<Text extends string> = Text extends `${infer Name}?`
  ? { readonly [Key in Name]?: string }
  : NameUpTo<Text, '-' | '.'> extends infer Name extends string
    ? Text extends `${Name}${infer Rest}`
      ? { readonly [Key in Name]: string } & SegmentParams<Rest>
      : never
    : never;

type NameUpTo<Text extends string, End extends string> = Text extends `${infer Char}${infer Rest}`
  ? Char extends End
    ? ''
    : `${Char}${NameUpTo<Rest, End>}`
  : '';

type Flat<T> = { readonly [Key in keyof T]: T[Key] };
