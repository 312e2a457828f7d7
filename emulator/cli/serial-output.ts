/** Where the bytes of COM1 … COM4 go: standard output, a file, nowhere; and `serial.log`, always. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ConfigurationError, HostError } from '../base/errors.js';
import { reasonOf } from './host-file.js';

export type TimestampKind = 'cycles' | 'time' | 'delta';

/** Collects bytes and hands them on in pieces. */
export interface ByteSink {
  byte(value: number, cycle: number): void;
  flush(): void;
  close(): void;
}

const BUFFER_BYTES = 8192;

/** A sink that writes bytes as they come through `write`, in pieces of at most 8 KiB. */
export class BufferedSink implements ByteSink {
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private length = 0;

  constructor(
    private readonly write: (bytes: Uint8Array) => void,
    private readonly closeTarget: () => void = () => undefined,
  ) {}

  byte(value: number): void {
    this.buffer[this.length++] = value;
    if (this.length === BUFFER_BYTES) this.flush();
  }

  text(text: string): void {
    for (const byte of Buffer.from(text)) this.byte(byte);
  }

  flush(): void {
    if (this.length === 0) return;
    this.write(this.buffer.slice(0, this.length));
    this.length = 0;
  }

  close(): void {
    this.flush();
    this.closeTarget();
  }
}

/** Prefixes each line with its guest time. For display only: files hold the raw bytes. */
class TimestampingSink implements ByteSink {
  private atLineStart = true;
  private previousCycle = 0;

  constructor(
    private readonly inner: BufferedSink,
    private readonly kind: TimestampKind,
    private readonly coreHz: number,
  ) {}

  byte(value: number, cycle: number): void {
    if (this.atLineStart) this.inner.text(this.prefix(cycle));
    this.atLineStart = value === 0x0a;
    this.inner.byte(value);
  }

  flush(): void {
    this.inner.flush();
  }

  close(): void {
    this.inner.close();
  }

  private prefix(cycle: number): string {
    if (this.kind === 'cycles') return `[${String(cycle).padStart(14)}] `;
    const from = this.kind === 'delta' ? this.previousCycle : 0;
    this.previousCycle = cycle;
    return `[${((cycle - from) / this.coreHz).toFixed(9).padStart(15)}] `;
  }
}

const NULL_SINK: ByteSink = {
  byte: () => undefined,
  flush: () => undefined,
  close: () => undefined,
};

/** A file that receives raw bytes. @throws HostError when it cannot be written */
export function fileSink(path: string): ByteSink {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w');
  } catch (error) {
    throw new HostError(`${path} cannot be written: ${reasonOf(error)}`);
  }
  return new BufferedSink(
    (bytes) => {
      writeAll(descriptor, bytes, path);
    },
    () => {
      closeSync(descriptor);
    },
  );
}

/** A sink as a stream of texts, each of which is in the file at once. */
export function textOf(sink: ByteSink): { write(text: string): void } {
  return {
    write(text) {
      for (const byte of Buffer.from(text)) sink.byte(byte, 0);
      sink.flush();
    },
  };
}

/**
 * The sink that a `--serial` value names: `stdio`, `null` or `file:PATH`.
 * @param write receives the bytes that go to standard output
 * @throws ConfigurationError for any other value
 */
export function serialSink(
  spec: string,
  write: (bytes: Uint8Array) => void,
  timestamps: TimestampKind | null,
  coreHz: number,
): ByteSink {
  if (spec === 'null') return NULL_SINK;
  if (spec === 'stdio') {
    const plain = new BufferedSink(write);
    return timestamps === null ? plain : new TimestampingSink(plain, timestamps, coreHz);
  }
  if (spec.startsWith('file:') && spec.length > 'file:'.length) {
    return fileSink(spec.slice('file:'.length));
  }
  throw new ConfigurationError(
    `--serial ${spec}: there is stdio, null, file:PATH, unix:PATH, tcp:[HOST:]PORT and exec:COMMAND`,
  );
}

function writeAll(descriptor: number, bytes: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(descriptor, bytes, at);
  } catch (error) {
    throw new HostError(`${path} cannot be written: ${reasonOf(error)}`);
  }
}
