/** Expected against actual, in words. */
import { exceptionMnemonic } from '../../emulator/isa/exceptions.js';
import type { MachineState } from '../../scripts/vectors/initial-state.js';
import { IMAGE_PARTS } from '../../scripts/vectors/layout.js';
import type { Outcome } from '../../scripts/vectors/vector-file.js';

const REGISTERS = 'RAX RCX RDX RBX RSP RBP RSI RDI R8 R9 R10 R11 R12 R13 R14 R15'.split(' ');
const FLAGS: readonly (readonly [name: string, mask: number])[] = [
  ['CF', 1 << 0],
  ['PF', 1 << 2],
  ['AF', 1 << 4],
  ['ZF', 1 << 6],
  ['SF', 1 << 7],
  ['TF', 1 << 8],
  ['IF', 1 << 9],
  ['DF', 1 << 10],
  ['OF', 1 << 11],
  ['NT', 1 << 14],
  ['AC', 1 << 18],
  ['ID', 1 << 21],
];

function hex(value: number | bigint): string {
  return value < 0 ? `-${(-value).toString(16)}` : value.toString(16);
}

function register(state: MachineState, index: number): string {
  const [low = 0, high = 0] = state.registers.subarray(2 * index);
  return hex((BigInt(high) << 32n) | BigInt(low));
}

/** Words of an XMM register, the highest first. */
function vector(state: MachineState, index: number): string {
  const words = [...state.vectors.subarray(4 * index, 4 * index + 4)].reverse();
  return words.map((word) => word.toString(16).padStart(8, '0')).join('_');
}

/** Names of the flags set in `rflags`. */
export function flagNames(rflags: number): string {
  return FLAGS.filter(([, mask]) => (rflags & mask) !== 0)
    .map(([name]) => name)
    .join(' ');
}

function ending(outcome: Outcome): string {
  if (outcome.fault < 0) return 'no fault';
  const cr2 = outcome.fault === 14 ? ` at ${hex(BigInt.asUintN(64, outcome.cr2))}` : '';
  return `${exceptionMnemonic(outcome.fault)}(${hex(outcome.errorCode)})${cr2}`;
}

const C1 = 0x200;

/**
 * For functions that silicon approximates: takes what was recorded where a significand of ours is its neighbour, and C1, which
 * tells of the last place.
 */
export function forgiveLastPlace(expected: Outcome, actual: Outcome): void {
  const { mmx, x87 } = actual.state;
  const recorded = expected.state;
  for (let i = 0; i < 8; i += 1) {
    const distance = place(actual.state, i) - place(recorded, i);
    if (distance !== 1n && distance !== -1n) continue;
    mmx.set(recorded.mmx.subarray(2 * i, 2 * i + 2), 2 * i);
    x87.heads[i] = recorded.x87.heads[i] ?? 0;
  }
  x87.status = (x87.status & ~C1) | (recorded.x87.status & C1);
}

/** Numbers that are neighbours have places that are: sign and exponent above the fraction, the integer bit left out. */
function place({ mmx, x87 }: MachineState, index: number): bigint {
  const [low = 0, high = 0] = mmx.subarray(2 * index);
  const fraction = (BigInt(high & 0x7fff_ffff) << 32n) | BigInt(low);
  return (BigInt(x87.heads[index] ?? 0) << 63n) | fraction;
}

/** True when nothing differs but the flags of `ignoredFlags`. The common case, and quick. */
export function agrees(expected: Outcome, actual: Outcome, ignoredFlags: number): boolean {
  return (
    expected.fault === actual.fault &&
    expected.ripOffset === actual.ripOffset &&
    expected.errorCode === actual.errorCode &&
    expected.cr2 === actual.cr2 &&
    ((expected.state.rflags ^ actual.state.rflags) & ~ignoredFlags) === 0 &&
    expected.state.mxcsr === actual.state.mxcsr &&
    expected.state.x87Tags === actual.state.x87Tags &&
    sameWords(expected.state.upperHalves, actual.state.upperHalves) &&
    sameX87(expected.state, actual.state) &&
    sameWords(expected.state.mmx, actual.state.mmx) &&
    sameWords(expected.state.vectors, actual.state.vectors) &&
    sameWords(expected.state.registers, actual.state.registers) &&
    sameWords(expected.state.imageWords, actual.state.imageWords)
  );
}

function sameWords(first: Uint32Array, second: Uint32Array): boolean {
  for (let i = 0; i < first.length; i += 1) if (first[i] !== second[i]) return false;
  return true;
}

/** FSW.ES: the recording processor keeps FOP, FIP and FDP of instructions with an exception that is not masked. */
const PENDING = 0x80;

function x87Words({ x87 }: MachineState): [name: string, value: number | bigint][] {
  const pending = (x87.status & PENDING) !== 0;
  return [
    ['FCW', x87.control],
    ['FSW', x87.status],
    ['FOP', pending ? x87.opcode : 0],
    ['FIP', pending ? x87.instructionPointer : 0n],
    ['FDP', pending ? x87.dataPointer : 0n],
    ...[...x87.heads].map((head, i): [string, number] => [`ST(${i}) head`, head]),
  ];
}

function sameX87(first: MachineState, second: MachineState): boolean {
  const others = x87Words(second);
  return x87Words(first).every(([, value], i) => value === others[i]?.[1]);
}

/** Every difference, `ours / recorded`. */
export function describeDifferences(
  expected: Outcome,
  actual: Outcome,
  ignoredFlags: number,
): string[] {
  const differences: string[] = [];
  const note = (what: string, ours: string, recorded: string): void => {
    if (ours !== recorded) differences.push(`${what} ${ours || 'none'} / ${recorded || 'none'}`);
  };
  note('end', ending(actual), ending(expected));
  note('RIP offset', hex(actual.ripOffset), hex(expected.ripOffset));
  for (const [index, name] of REGISTERS.entries()) {
    note(name, register(actual.state, index), register(expected.state, index));
  }
  for (let index = 0; index < 16; index += 1) {
    note(`XMM${index}`, vector(actual.state, index), vector(expected.state, index));
  }
  for (let index = 0; index < 8; index += 1) {
    const mmx = ({ state }: Outcome): string =>
      [state.mmx[2 * index + 1] ?? 0, state.mmx[2 * index] ?? 0].map(hex).join('_');
    note(`MM${index}`, mmx(actual), mmx(expected));
  }
  const recordedX87 = x87Words(expected.state);
  for (const [i, [name, value]] of x87Words(actual.state).entries())
    note(name, hex(value), hex(recordedX87[i]?.[1] ?? 0));
  for (let index = 0; index < 16; index += 1) {
    const upper = ({ state }: Outcome): string =>
      [...state.upperHalves.subarray(4 * index, 4 * index + 4)].reverse().map(hex).join('_');
    note(`YMM${index} 255:128`, upper(actual), upper(expected));
  }
  note('x87 tags', hex(actual.state.x87Tags), hex(expected.state.x87Tags));
  note('MXCSR', hex(actual.state.mxcsr), hex(expected.state.mxcsr));
  const flags = (outcome: Outcome): string => flagNames(outcome.state.rflags & ~ignoredFlags);
  note('flags', flags(actual), flags(expected));
  for (const { address, imageOffset, sizeBytes } of IMAGE_PARTS) {
    for (let i = imageOffset; i < imageOffset + sizeBytes; i += 1) {
      const ours = actual.state.image[i] ?? 0;
      note(`[${hex(address + i - imageOffset)}]`, hex(ours), hex(expected.state.image[i] ?? 0));
    }
  }
  return differences;
}
