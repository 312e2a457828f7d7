/** Registers for people, in the present mode: general, control and segment registers; set bits in capital letters as Bochs shows them. */
import { MODE_NAMES } from './autopsy.js';
import type { Machine } from './machine.js';
import { GENERAL_REGISTERS } from '../cpu/register-slots.js';
import { CpuMode } from '../isa/state-layout.js';
import { hexOf, isLongMode, segmentWords } from './descriptor-words.js';

/** Names of bits by their numbers, from the highest down. */
type Bits = readonly (readonly [name: string, bit: number])[];

/** [SDM-1 "EFLAGS Register"]; IOPL has two bits. */
const SYSTEM_FLAGS: Bits = [
  ['id', 21],
  ['vip', 20],
  ['vif', 19],
  ['ac', 18],
  ['vm', 17],
  ['rf', 16],
  ['nt', 14],
];
const STATUS_FLAGS: Bits = [
  ['of', 11],
  ['df', 10],
  ['if', 9],
  ['tf', 8],
  ['sf', 7],
  ['zf', 6],
  ['af', 4],
  ['pf', 2],
  ['cf', 0],
];
const IOPL_BIT = 12n;

/** [SDM-3A "Control Registers"] */
const CR0_BITS: Bits = [
  ['pg', 31],
  ['cd', 30],
  ['nw', 29],
  ['am', 18],
  ['wp', 16],
  ['ne', 5],
  ['et', 4],
  ['ts', 3],
  ['em', 2],
  ['mp', 1],
  ['pe', 0],
];
const CR3_BITS: Bits = [
  ['pcd', 4],
  ['pwt', 3],
];
const CR4_BITS: Bits = [
  ['smap', 21],
  ['smep', 20],
  ['osxsave', 18],
  ['pcide', 17],
  ['fsgsbase', 16],
  ['la57', 12],
  ['umip', 11],
  ['osxmmexcpt', 10],
  ['osfxsr', 9],
  ['pce', 8],
  ['pge', 7],
  ['mce', 6],
  ['pae', 5],
  ['pse', 4],
  ['de', 3],
  ['tsd', 2],
  ['pvi', 1],
  ['vme', 0],
];
const EFER_BITS: Bits = [
  ['nxe', 11],
  ['lma', 10],
  ['lme', 8],
  ['sce', 0],
];
const CR4_PCIDE = 1n << 17n;

const SEGMENT_ROWS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;

export function generalRegisters({ processor, symbols }: Machine): string[] {
  const isLong = processor.mode === CpuMode.Long;
  const digits = isLong ? 16 : 8;
  const shown = (value: bigint): string =>
    BigInt.asUintN(4 * digits, value)
      .toString(16)
      .padStart(digits, '0');
  const named = (name: string): string => (isLong ? name : name.replace(/^r/, 'e')).padEnd(3);
  const registers = isLong ? GENERAL_REGISTERS : GENERAL_REGISTERS.slice(0, 8);
  const flags = processor.rflags;
  const iopl = (flags >> IOPL_BIT) & 3n;
  const { debug } = processor;
  return [
    `${MODE_NAMES[processor.mode]}, CPL ${processor.cpl}`,
    ...registers.map((name) => `${named(name)}: ${shown(processor.register(name))}`),
    `${named('rip')}: ${shown(processor.rip)}  ${symbols.describe(debug.instructionAddress)}`,
    `eflags ${hexOf(flags, 8)}: ${bitsOf(flags, SYSTEM_FLAGS)} IOPL=${iopl} ${bitsOf(flags, STATUS_FLAGS)}`,
  ];
}

export function controlRegisters({ processor }: Machine): string[] {
  const { cr0, cr2, cr3, cr4, cr8, efer } = Object.fromEntries(
    (['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'] as const).map((name) => [
      name,
      processor.controlRegister(name),
    ]),
  ) as Record<'cr0' | 'cr2' | 'cr3' | 'cr4' | 'cr8' | 'efer', bigint>;
  const below = (cr4 & CR4_PCIDE) === 0n ? bitsOf(cr3, CR3_BITS) : `PCID=${hexOf(cr3 & 0xfffn)}`;
  return [
    `CR0=${hexOf(cr0, 8)}: ${bitsOf(cr0, CR0_BITS)}`,
    `CR2=${hexOf(cr2, 16)}: page-fault linear address`,
    `CR3=${hexOf(cr3, 16)}: ${below}`,
    `CR4=${hexOf(cr4, 8)}: ${bitsOf(cr4, CR4_BITS)}`,
    `CR8=${hexOf(cr8)}: task priority class`,
    `EFER=${hexOf(efer, 8)}: ${bitsOf(efer, EFER_BITS)}`,
  ];
}

/** With their hidden parts, which the tables in memory need not say any more. */
export function segmentRegisters({ processor }: Machine): string[] {
  const isLong = isLongMode(processor.mode);
  const rows = SEGMENT_ROWS.map((name) => {
    const { selector, base, limit, attributes, unusable } = processor.segment(name);
    const place = `base ${hexOf(base, 8)}, limit ${hexOf(limit, 8)}`;
    const words = unusable ? 'unusable' : segmentWords(attributes, isLong);
    return `${name.padEnd(4)} ${hexOf(selector, 4)}: ${place}, ${words}`;
  });
  const tables = (['gdtr', 'idtr'] as const).map((name) => {
    const { base, limit } = processor.descriptorTable(name);
    return `${name}: base ${hexOf(base, 16)}, limit ${hexOf(limit, 4)}`;
  });
  return [...rows, ...tables];
}

function bitsOf(value: bigint, bits: Bits): string {
  return bits
    .map(([name, bit]) => (((value >> BigInt(bit)) & 1n) === 0n ? name : name.toUpperCase()))
    .join(' ');
}
