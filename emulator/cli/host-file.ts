/** Files of the host that a run reads whole: regular files, and pipes or devices up to a limit. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostError } from '../base/errors.js';
import { formatSize } from '../base/size.js';

const STANDARD_INPUT_DESCRIPTOR = 0;
const CHUNK_BYTES = 1 << 16;
/** Of what has no size: /dev/zero never ends. */
const ENDLESS_BYTES = 1 << 30;
/** Pause before a descriptor is asked again when it has nothing yet (EAGAIN). */
const RETRY_MILLISECONDS = 10;

/** All bytes of a file. Throws what node:fs throws, or an Error that says that it does not end. */
export function readHostFile(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    if (fstatSync(descriptor).isFile()) return readFileSync(descriptor);
    return readToEnd(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** All of standard input. @throws HostError */
export function readStandardInputToEnd(): Buffer {
  try {
    return readToEnd(STANDARD_INPUT_DESCRIPTOR);
  } catch (error) {
    throw new HostError(`standard input cannot be read: ${reasonOf(error)}`);
  }
}

/** Reads a descriptor that may be non-blocking. */
function readToEnd(descriptor: number): Buffer {
  const chunks: Buffer[] = [];
  const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let bytes = 0;
  while (bytes < ENDLESS_BYTES) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    try {
      const count = readSync(descriptor, chunk);
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
      bytes += count;
    } catch (error) {
      if (codeOf(error) === 'EOF') return Buffer.concat(chunks);
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, RETRY_MILLISECONDS);
    }
  }
  throw new Error(`it has no end within ${formatSize(BigInt(ENDLESS_BYTES))}`);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** `ENOENT: no such file or directory, open 'x'` → `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message;
}

/** Why nobody can listen at a socket, whose file is `path`: libuv says EACCES where there is no folder for it. */
export function listenReason(error: unknown, path: string | null): string {
  if (path !== null && !existsSync(dirname(path))) return 'there is no such folder';
  return reasonOf(error);
}
