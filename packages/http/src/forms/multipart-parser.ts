import type { Writable } from 'node:stream';
import busboy from 'busboy';
import { HttpError } from '../http-error.ts';
import { FileContent } from './file-content.ts';
import { type FormBounds, formTooLarge, malformedForm } from './form-limits.ts';
import type { Part } from './part.ts';

const PIECE_BYTES = 65_536;
const CONTROLS = /\p{Cc}/gu;

/** What a {@link MultipartParser} tells. */
export interface PartSink {
  part(part: Part): void;
}

/**
 * busboy, with its loose ends tied: whatever goes wrong ends it once, as an {@link HttpError} that whoever reads a file
 * hears too; exactly the limit is allowed; no error event is ever without a listener.
 */
export class MultipartParser {
  readonly #busboy: Writable;
  readonly #bounds: FormBounds;
  readonly #sink: PartSink;
  #fields = 0;
  #files = 0;
  #file: FileContent | undefined;
  #failure: HttpError | undefined;
  #wake: (() => void) | undefined;
  #finished = false;

  /** @throws HttpError 400 when there is no boundary */
  constructor(contentType: string, bounds: FormBounds, sink: PartSink) {
    this.#bounds = bounds;
    this.#sink = sink;
    const parser = create(contentType, bounds);
    this.#busboy = parser;
    parser.on('field', (name, value, info) => {
      this.#guard(() => this.#fieldReceived(name, value, info));
    });
    parser.on('file', (name, file, info) => {
      const content = new FileContent(file);
      file.once('limit', () => this.fail(formTooLarge('too long a file', bounds.maxFileBytes)));
      this.#file = content;
      this.#guard(() => this.#fileReceived(name, content, info));
    });
    parser.on('filesLimit', () => this.fail(formTooLarge('too many files', bounds.maxFiles)));
    parser.on('fieldsLimit', () => this.fail(formTooLarge('too many fields', bounds.maxFields)));
    parser.on('partsLimit', () => {
      this.fail(formTooLarge('too many parts', bounds.maxFields + bounds.maxFiles));
    });
    parser.on('error', (error: unknown) => this.fail(toHttpError(error)));
    parser.on('drain', () => this.#awake());
    parser.on('close', () => {
      this.#finished = true;
      this.#awake();
    });
  }

  get failure(): HttpError | undefined {
    return this.#failure;
  }

  /** Takes ownership. Settles when more is wanted. @throws the failure */
  async write(chunk: Uint8Array): Promise<void> {
    this.#check();
    if (!this.#busboy.write(chunk) && !this.#finished) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    this.#check();
  }

  /** Settles when all files were read. @throws HttpError 400 when the end is missing */
  async end(): Promise<void> {
    this.#check();
    this.#busboy.end();
    while (!this.#finished) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    this.#check();
  }

  /** Nothing more will come, or is wanted. Later ones do nothing. */
  fail(error: Error): void {
    if (this.#failure || this.#finished) return;
    this.#failure = toHttpError(error);
    this.#file?.destroy(error);
    this.#busboy.destroy(error);
    this.#awake();
  }

  #fieldReceived(
    name: string | undefined,
    value: string | undefined,
    info: busboy.FieldInfo,
  ): void {
    const { maxFields, maxFieldBytes } = this.#bounds;
    this.#fields += 1;
    if (this.#fields > maxFields) throw formTooLarge('too many fields', maxFields);
    if (info.valueTruncated) throw formTooLarge('too long a field', maxFieldBytes);
    // Of a charset that is unknown.
    if (value === undefined) throw malformedForm('it has a field in an unknown charset');
    this.#sink.part({ kind: 'field', name: this.#toName(name), value, mimeType: info.mimeType });
  }

  #fileReceived(name: string | undefined, stream: FileContent, info: busboy.FileInfo): void {
    const { maxFiles, maxNameBytes } = this.#bounds;
    this.#files += 1;
    if (this.#files > maxFiles) throw formTooLarge('too many files', maxFiles);
    const filename = info.filename as string | undefined;
    if (filename !== undefined && Buffer.byteLength(filename) > maxNameBytes) {
      throw formTooLarge('too long a file name', maxNameBytes);
    }
    this.#sink.part({
      kind: 'file',
      name: this.#toName(name),
      filename: filename === undefined ? undefined : unescape(filename).replace(CONTROLS, ''),
      mimeType: info.mimeType,
      stream,
    });
  }

  #toName(name: string | undefined): string {
    const { maxNameBytes } = this.#bounds;
    if (name === undefined) throw malformedForm('it has a part without a name');
    if (Buffer.byteLength(name) > maxNameBytes) throw formTooLarge('too long a name', maxNameBytes);
    return unescape(name);
  }

  #guard(call: () => void): void {
    if (this.#failure) return;
    try {
      call();
    } catch (thrown) {
      this.fail(toHttpError(thrown));
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function create(contentType: string, bounds: FormBounds): busboy.Busboy {
  const { maxFields, maxFiles, maxFieldBytes, maxFileBytes } = bounds;
  try {
    return busboy({
      headers: { 'content-type': contentType },
      // What browsers send, whatever the RFC says.
      defParamCharset: 'utf8',
      highWaterMark: PIECE_BYTES,
      fileHwm: PIECE_BYTES,
      limits: {
        fields: maxFields,
        files: maxFiles,
        // Parts that are neither count as well. It tells of the last that is allowed, and cuts what is exactly as long.
        parts: maxFields + maxFiles + 1,
        fieldSize: maxFieldBytes + 1,
        fileSize: maxFileBytes + 1,
      },
    });
  } catch (cause) {
    throw malformedForm('its content-type has no boundary', cause);
  }
}

/** What browsers write for the characters that would end a name (HTML standard, "multipart/form-data"). */
function unescape(name: string): string {
  return name.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n');
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  return malformedForm('it is malformed', error);
}
