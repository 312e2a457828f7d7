/** What a block finds when it begins, measured or modelled: general registers and memory hold FILL, RSP and RBP point into a page. */
import { GENERAL_REGISTERS } from '../../emulator/cpu/register-slots.js';

export const FILL = 0x232_4000n;
const STACK_OFFSET = 2048n;
/**
 * Of RBP, for which the protocol has no word: 16 bytes below RSP is where two blocks get what they stored through RSP back
 * through RBP as slowly as they did (26.2 and 7.8 cycles), and no other block waits that did not.
 */
const FRAME_OFFSET = 2032n;

/** Values by the name of the register; `memory`: eight bytes that fill it. */
export type Setup = ReadonlyMap<string, bigint>;

/** What a setup cannot give another value: the two point into the page. */
const FIXED: readonly string[] = ['rsp', 'rbp'];
const NAMES: ReadonlySet<string> = new Set(
  ['memory', ...GENERAL_REGISTERS].filter((name) => !FIXED.includes(name)),
);

/** `register=value` with blanks between, or why the text is something else. */
export function parseSetup(text: string): Setup | { readonly refused: string } {
  const setup = new Map<string, bigint>();
  for (const assignment of text.split(' ').filter(Boolean)) {
    const match = /^(\w+)=(\d+|0x[0-9a-f]+)$/.exec(assignment);
    const [, name = '', value = ''] = match ?? [];
    if (match === null) return { refused: `a setup is register=value, not '${assignment}'` };
    if (!NAMES.has(name)) {
      return { refused: `a setup is of a register but RSP and RBP, or of memory, not '${name}'` };
    }
    if (BigInt(value) >> 64n !== 0n) {
      return { refused: `a value has 64 bits, more than which are in '${assignment}'` };
    }
    setup.set(name, BigInt(value));
  }
  return setup;
}

export function memoryBefore(setup: Setup): bigint {
  return setup.get('memory') ?? FILL;
}

/** By the numbers of the registers. */
export function registersBefore(setup: Setup): bigint[] {
  return GENERAL_REGISTERS.map((name) => {
    if (name === 'rsp') return FILL + STACK_OFFSET;
    if (name === 'rbp') return FILL + FRAME_OFFSET;
    return setup.get(name) ?? FILL;
  });
}
