/** Where a line stands: the file as the source names it, and its line number counted from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
}

/** A mistake in an assembly source. The message is one sentence that starts with `file:line: `. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
  readonly position: SourcePosition;

  constructor(position: SourcePosition, sentence: string) {
    super(`${position.file}:${position.line}: ${sentence}`);
    this.position = position;
  }
}
