import { printable } from './printable.js';

const LINE_FEED = 0x0a;

/** Standard output: a reader that goes away (`| head`) ends the writing, not the run's files. */
class StandardOutput {
  private pending = 0;
  private closed = false;
  /** True while what was written last has not ended its line. */
  isMidLine = false;
  private failure: Error | null = null;
  private waiting: (() => void)[] = [];

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.failure ??= error;
      this.closed = true;
      this.settle();
    });
  }

  /** True once the reader has gone. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Why bytes were lost that somebody waited for, such as a full disk. */
  get lost(): Error | null {
    return this.failure;
  }

  /** A document, or a part of one: names in it came out of files and guests. */
  writeText(text: string): void {
    this.write(printable(text));
  }

  /** What is for the terminal as it is: a serial port's bytes. */
  write(data: string | Uint8Array): void {
    if (this.closed || data.length === 0) return;
    const last = data.at(-1) ?? LINE_FEED;
    this.isMidLine = last !== LINE_FEED && last !== '\n';
    this.pending++;
    process.stdout.write(data, () => {
      this.pending--;
      if (this.pending === 0) this.settle();
    });
  }

  /** Resolves when everything is written, or nobody reads any more. */
  drained(): Promise<void> {
    if (this.closed || this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private settle(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting = [];
  }
}

export const standardOutput = new StandardOutput();
