import { fstatSync } from 'node:fs';
import { printableLine } from './printable.js';
import { standardOutput } from './standard-output.js';

const STANDARD_OUTPUT_DESCRIPTOR = 1;
const STANDARD_ERROR_DESCRIPTOR = 2;

/**
 * Standard error: a reader that goes away (`2>&1 >/dev/null | head`) loses the lines that come, not the run. The log and
 * sentences go there by process.stderr; this is what becomes of a write that fails.
 */
class StandardError {
  private failure: Error | null = null;
  private readonly isSharedWithOutput = haveOnePlace(
    STANDARD_OUTPUT_DESCRIPTOR,
    STANDARD_ERROR_DESCRIPTOR,
  );

  constructor() {
    process.stderr.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.failure ??= error;
    });
  }

  get isTTY(): boolean {
    return process.stderr.isTTY;
  }

  /** Writes whole lines. Where the guest's bytes go to the same terminal or file, they begin behind the guest's unfinished one. */
  write(lines: string): void {
    const begin = standardOutput.isMidLine && this.isSharedWithOutput ? '\n' : '';
    if (begin !== '') standardOutput.isMidLine = false;
    process.stderr.write(begin + lines);
  }

  /** One sentence of the emulator's. */
  say(sentence: string): void {
    this.write(`s7x: ${printableLine(sentence)}\n`);
  }

  /** Why lines were lost that somebody waited for, such as a full disk. */
  get lost(): Error | null {
    return this.failure;
  }

  /** Resolves when what was written before has gone its way, or cannot. */
  drained(): Promise<void> {
    return new Promise((resolve) => process.stderr.write('', () => resolve()));
  }
}

/** Whether two descriptors are of one terminal, pipe or file. */
function haveOnePlace(...descriptors: readonly number[]): boolean {
  try {
    const places = descriptors.map((descriptor) => {
      const { dev, ino } = fstatSync(descriptor);
      return `${dev}:${ino}`;
    });
    return new Set(places).size === 1;
  } catch {
    return false; // one of them is closed
  }
}

export const standardError = new StandardError();
