/**
 * Patterns of `--expect` and `--fail` on a growing text: each tells with which character it has matched, as early as
 * it can be told.
 */
import { ConfigurationError } from '../base/errors.js';

/** How far back a regular expression may reach, in characters. */
const WINDOW_CHARACTERS = 4096;

/** What a pattern has found. */
export interface PatternMatch {
  readonly text: string;
  /** Named groups of an expression that took part. */
  readonly groups: Readonly<Record<string, string>>;
}

export interface SerialPattern {
  /** As on the command line. */
  readonly source: string;
  /** Takes the next characters; true when the text now contains a match that ends in them. */
  take(added: string): boolean;
  /** The match, where `take` has just told of one. */
  match(): PatternMatch;
}

/**
 * Text, or `/regular expression/` with the flags `i m s u`.
 * @throws ConfigurationError naming the option
 */
export function parsePattern(source: string, option: string): SerialPattern {
  if (source === '') throw new ConfigurationError(`${option}: the text is empty`);
  const expression = parseExpression(source, option);
  return expression === null ? new TextPattern(source) : new ExpressionPattern(source, expression);
}

/**
 * `/regular expression/` with the flags `i m s u`; null when it is text.
 * @throws ConfigurationError naming the option
 */
export function parseExpression(source: string, option: string): RegExp | null {
  const match = /^\/(.+)\/([imsu]*)$/s.exec(source);
  refuseOtherFlags(source, option);
  if (match === null) return null;
  const [, body = '', flags = ''] = match;
  try {
    return new RegExp(body, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`${option} ${source}: ${reason}`);
  }
}

/** `/ready/g` was meant as an expression, and as text would never come: only i, m, s and u mean anything on a stream. */
function refuseOtherFlags(source: string, option: string): void {
  const other = /^\/.+\/[imsu]*([dgvy])[dgimsuvy]*$/s.exec(source)?.[1];
  if (other === undefined) return;
  throw new ConfigurationError(
    `${option} ${source}: a regular expression has the flags i m s u here, not ${other}; ` +
      `as text, write it as an expression, such as ${asExpression(source)}`,
  );
}

/** The expression for a text. */
function asExpression(text: string): string {
  return `/${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}/`;
}

/** Knuth, Morris and Pratt, "Fast Pattern Matching in Strings", 1977: no character is looked at twice. */
class TextPattern implements SerialPattern {
  /** For each length of a matched beginning: the longest shorter beginning that ends it too. */
  private readonly fallback: Uint32Array;
  private matched = 0;

  constructor(readonly source: string) {
    this.fallback = new Uint32Array(source.length + 1);
    for (let length = 1, shorter = 0; length < source.length; length++) {
      shorter = this.extend(shorter, source.charCodeAt(length));
      this.fallback[length + 1] = shorter;
    }
  }

  take(added: string): boolean {
    let found = false;
    for (let at = 0; at < added.length; at++) {
      this.matched = this.extend(this.matched, added.charCodeAt(at));
      if (this.matched === this.source.length) {
        found = true;
        this.matched = this.fallback[this.matched] ?? 0;
      }
    }
    return found;
  }

  match(): PatternMatch {
    return { text: this.source, groups: {} };
  }

  private extend(matched: number, code: number): number {
    let length = matched;
    while (length > 0 && this.source.charCodeAt(length) !== code)
      length = this.fallback[length] ?? 0;
    return this.source.charCodeAt(length) === code ? length + 1 : 0;
  }
}

/** Looks at the last characters; at the last line only, where the expression cannot reach across lines. */
class ExpressionPattern implements SerialPattern {
  private window = '';
  private readonly withinLine: boolean;

  constructor(
    readonly source: string,
    private readonly regex: RegExp,
  ) {
    this.withinLine = staysWithinLine(regex);
  }

  take(added: string): boolean {
    if (this.withinLine && this.window.endsWith('\n')) this.window = '';
    this.window = (this.window + added).slice(-WINDOW_CHARACTERS);
    return this.regex.test(this.window);
  }

  match(): PatternMatch {
    const found = this.regex.exec(this.window);
    const groups = Object.entries<string | undefined>(found?.groups ?? {});
    const present = groups.filter((group): group is [string, string] => group[1] !== undefined);
    return { text: found?.[0] ?? '', groups: Object.fromEntries(present) };
  }
}

/** Whether a match can neither contain a new line before its end nor depend on what stands before its line. */
function staysWithinLine({ source, flags }: RegExp): boolean {
  if (flags.includes('s')) return false;
  const withoutPlainClasses = source.replace(/\[(?!\^)[^\\\]]*\]/g, '');
  // Classes that a new line belongs to, characters by number, look-behind.
  if (/\\[nrsWDxuc0-9pPk]|\[|\(\?</.test(withoutPlainClasses)) return false;
  return flags.includes('m') || !source.includes('^');
}
