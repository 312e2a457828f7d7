/**
 * The target description that GDB asks for: one fixed set of registers, whatever mode the processor is in, so that a change of
 * mode never changes the size of a reply. It is that of 32 bits where the program's file is, because GDB takes no other for it. Source: GDB manual, "Target Descriptions", "i386 Features".
 */
import {
  registerFeatures,
  type DebuggerBits,
  type DebuggerRegister,
} from '../../machine/debugger-registers.js';

/** Bits of RFLAGS by their number. [SDM-1 "EFLAGS Register"] */
const FLAG_BITS: Readonly<Record<string, number>> = {
  CF: 0,
  PF: 2,
  AF: 4,
  ZF: 6,
  SF: 7,
  TF: 8,
  IF: 9,
  DF: 10,
  OF: 11,
  NT: 14,
  RF: 16,
  VM: 17,
  AC: 18,
  VIF: 19,
  VIP: 20,
  ID: 21,
};

/** How a vector register can be shown: name of the field, type and number of its elements. */
const VECTOR_VIEWS = [
  ['v4_float', 'ieee_single', 4],
  ['v2_double', 'ieee_double', 2],
  ['v16_int8', 'int8', 16],
  ['v8_int16', 'int16', 8],
  ['v4_int32', 'int32', 4],
  ['v2_int64', 'int64', 2],
] as const;

const TYPES: Readonly<Record<string, readonly string[]>> = {
  'org.gnu.gdb.i386.core': [
    '<flags id="i386_eflags" size="4">',
    ...Object.entries(FLAG_BITS).map(
      ([name, bit]) => `<field name="${name}" start="${bit}" end="${bit}"/>`,
    ),
    '</flags>',
  ],
  'org.gnu.gdb.i386.sse': [
    ...VECTOR_VIEWS.map(
      ([field, type, count]) => `<vector id="${field}_t" type="${type}" count="${count}"/>`,
    ),
    '<union id="vec128">',
    ...VECTOR_VIEWS.map(([field]) => `<field name="${field}" type="${field}_t"/>`),
    '<field name="uint128" type="uint128"/>',
    '</union>',
  ],
};

export interface TargetDescription {
  /** All registers, by the number that GDB gives them. */
  readonly registers: readonly DebuggerRegister[];
  /** The document. */
  readonly xml: string;
}

export function describeTarget(bits: DebuggerBits): TargetDescription {
  const features = registerFeatures(bits);
  const xml = [
    '<?xml version="1.0"?>',
    '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
    '<target>',
    `<architecture>${bits === 64 ? 'i386:x86-64' : 'i386'}</architecture>`,
    ...features.flatMap(({ name, registers }) => [
      `<feature name="${name}">`,
      ...(TYPES[name] ?? []),
      ...registers.map(
        (register) =>
          `<reg name="${register.name}" bitsize="${register.bits}" type="${register.type}"/>`,
      ),
      '</feature>',
    ]),
    '</target>',
    '',
  ].join('\n');
  return { registers: features.flatMap(({ registers }) => registers), xml };
}
