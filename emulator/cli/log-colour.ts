/** Colours of the emulator's lines on a terminal. [ECMA-48 "SGR"; no-color.org; force-color.org] */

const RESET = '\x1b[0m';
const RED = '\x1b[1;31m';
const YELLOW = '\x1b[33m';
const GREEN = '\x1b[32m';

/**
 * Whether lines are coloured: `--color` and `--no-color` say so, else NO_COLOR and FORCE_COLOR, else it is a terminal that shows colours.
 */
export function wantsColour(
  option: boolean | undefined,
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (option !== undefined) return option;
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: terminal = '' } = environment;
  if (no !== '') return false;
  if (force !== '') return force !== '0' && force !== 'false';
  return isTerminal && terminal !== 'dumb';
}

/** What stands before the kind of a line: the host's time, where it is asked for. */
const BEGIN = '^(s7x: (?:\\[[^\\]]*\\] )?)';
const KINDS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`${BEGIN}(error:)( FAIL(?= ))?`), RED],
  [new RegExp(`${BEGIN}(warning:)`), YELLOW],
  [new RegExp(`${BEGIN}(PASS)(?= )`), GREEN],
];

/** The line with its kind and its verdict coloured. */
export function coloured(line: string): string {
  const [kind, colour] = KINDS.find(([expression]) => expression.test(line)) ?? [];
  if (kind === undefined) return line;
  return line.replace(kind, (_all, begin: string, word: string, verdict: unknown) => {
    const fail = typeof verdict === 'string' ? verdict : '';
    return `${begin}${colour}${word}${fail}${RESET}`;
  });
}
