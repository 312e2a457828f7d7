import { printableLine } from './printable.js';

/**
 * Standard error: a reader that goes away (`2>&1 >/dev/null | head`) loses the lines that come, not the run. The log and
 * sentences go there by process.stderr; this is what becomes of a write that fails.
 */
class StandardError {
  private failure: Error | null = null;

  constructor() {
    process.stderr.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.failure ??= error;
    });
  }

  /** One sentence of the emulator's. */
  say(sentence: string): void {
    process.stderr.write(`s7x: ${printableLine(sentence)}\n`);
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

export const standardError = new StandardError();
