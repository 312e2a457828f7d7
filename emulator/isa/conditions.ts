/** Condition codes by the names in Jcc, SETcc and CMOVcc, in encoding order. Source: SDM Vol. 1, "EFLAGS Condition Codes". */
export const CONDITION_NAMES = [
  'O',
  'NO',
  'B',
  'AE',
  'E',
  'NE',
  'BE',
  'A',
  'S',
  'NS',
  'P',
  'NP',
  'L',
  'GE',
  'LE',
  'G',
] as const;

/** The flags each condition tests, by code shifted right by one (a code and its negation test the same flags). */
export const CONDITION_FLAGS = [
  'OF',
  'CF',
  'ZF',
  'ZF CF',
  'SF',
  'PF',
  'OF SF',
  'OF SF ZF',
] as const;

/** Calls `make` for each condition with its name, code, hexadecimal digit and tested flags. */
export function forEachCondition<T>(
  make: (name: string, code: number, digit: string, tests: string) => readonly T[],
): T[] {
  return CONDITION_NAMES.flatMap((name, code) =>
    make(name, code, code.toString(16).toUpperCase(), CONDITION_FLAGS[code >> 1] ?? ''),
  );
}
