/** `--expect` and `--fail`: patterns on the byte stream of COM1, in guest time. */
import { ConfigurationError } from '../base/errors.js';
import { parsePattern, type SerialPattern } from './serial-pattern.js';
import { SerialText } from './serial-text.js';

/** Texts that mean failure in every run of a kind of guest. */
const FAIL_BUNDLES: Readonly<Record<string, readonly string[]>> = {
  '@generic': ['/panic/i', '/assertion failed/i', '/triple fault/i', '/unhandled exception/i'],
  '@linux': ['Kernel panic', 'Oops:', 'BUG:', 'KASAN:', 'Unable to handle kernel'],
  '@rust': ["/thread '.*' panicked at/", 'panicked at'],
};

export interface MatchedExpectation {
  readonly pattern: string;
  /** Cycle at which the last byte of the match left COM1, or null. */
  readonly cycle: number | null;
  /** Line of the serial output, from 1, in which the match ended, or null. */
  readonly line: number | null;
}

export class SerialExpectations {
  private readonly expects: readonly SerialPattern[];
  private readonly fails: readonly SerialPattern[];
  private readonly matches: { cycle: number; line: number }[] = [];
  private readonly text = new SerialText();
  private line = 1;
  private failure: { pattern: string; cycle: number; line: number } | null = null;

  constructor(expects: readonly string[], fails: readonly string[]) {
    this.expects = expects.map((source) => parsePattern(source, '--expect'));
    this.fails = fails
      .flatMap((source) => failSources(source))
      .map((source) => parsePattern(source, '--fail'));
  }

  get any(): boolean {
    return this.expects.length > 0 || this.fails.length > 0;
  }

  get expected(): number {
    return this.expects.length;
  }

  get matched(): number {
    return this.matches.length;
  }

  get allMatched(): boolean {
    return this.matches.length === this.expects.length;
  }

  /** The first expectation that has not come true, or null. */
  get next(): string | null {
    return this.expects[this.matches.length]?.source ?? null;
  }

  get failed(): { pattern: string; cycle: number; line: number } | null {
    return this.failure;
  }

  results(): MatchedExpectation[] {
    return this.expects.map(({ source }, index) => ({
      pattern: source,
      cycle: this.matches[index]?.cycle ?? null,
      line: this.matches[index]?.line ?? null,
    }));
  }

  /** Takes the next byte of the stream. True when it completed an expectation or a failure. */
  take(byte: number, cycle: number): boolean {
    const added = this.text.take(byte);
    if (added === '') return false;
    const met = this.tryExpect(added, cycle);
    const failed = this.tryFail(added, cycle);
    if (added.endsWith('\n')) this.line++;
    return met || failed;
  }

  /** Only the expectation whose turn it is sees the text: what came before the last match does not count. */
  private tryExpect(added: string, cycle: number): boolean {
    const pattern = this.expects[this.matches.length];
    if (pattern === undefined || !pattern.take(added)) return false;
    this.matches.push({ cycle, line: this.line });
    return true;
  }

  private tryFail(added: string, cycle: number): boolean {
    if (this.failure !== null) return false;
    const pattern = this.fails.find((each) => each.take(added));
    if (pattern === undefined) return false;
    this.failure = { pattern: pattern.source, cycle, line: this.line };
    return true;
  }
}

function failSources(source: string): readonly string[] {
  if (!source.startsWith('@')) return [source];
  const bundle = FAIL_BUNDLES[source];
  if (bundle === undefined) {
    const known = Object.keys(FAIL_BUNDLES).join(', ');
    throw new ConfigurationError(`--fail ${source}: no such set of texts (there are: ${known})`);
  }
  return bundle;
}
