/**
 * The kernel author's mistake: source text that does not compile, or a construct outside the dialect.
 * The message is one or more complete lines, each with file and line; it is printed without a stack.
 */
export class CompileError extends Error {
  override readonly name = 'CompileError';
}

/** Where a machine instruction comes from: a line of guest source. Columns count from 0, lines from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `file:line`, or a placeholder for code that no source line produced. */
export function formatLocation(location: SourceLocation | undefined): string {
  return location === undefined ? '(no source line)' : `${location.file}:${location.line}`;
}
