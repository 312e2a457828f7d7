/**
 * What is known of each micro-op without looking inside: flags it writes, whether it may fault, what it writes beside its
 * destination. Read by the lint tests of the recipes and by the generated documentation; the meaning is in the core.
 */
import { flagMask } from './rflags.js';
import { Op } from './uop.js';

/** A width family's name: `Add` of Add8 to Add64; other micro-ops are their own family. */
export function familyOf(op: Op): string {
  const name = Op[op] ?? '';
  const family = name.replace(/(128|256|8|16|32|64)$/, '');
  return family === 'Crc32With' ? 'Crc32' : family;
}

const STATUS = 'OF SF ZF AF PF CF';

/** Flags that a family writes, defined or not. A family that is not listed writes none. */
const FLAGS: Readonly<Record<string, string>> = {
  Add: STATUS,
  Or: STATUS,
  Adc: STATUS,
  Sbb: STATUS,
  And: STATUS,
  Sub: STATUS,
  Xor: STATUS,
  Cmp: STATUS,
  Test: STATUS,
  Inc: 'OF SF ZF AF PF',
  Dec: 'OF SF ZF AF PF',
  Neg: STATUS,
  Rol: 'OF CF',
  Ror: 'OF CF',
  Rcl: 'OF CF',
  Rcr: 'OF CF',
  Shl: STATUS,
  Shr: STATUS,
  Sar: STATUS,
  Shld: STATUS,
  Shrd: STATUS,
  Mul: STATUS,
  Imul: STATUS,
  ImulTwo: STATUS,
  Div: STATUS,
  Idiv: STATUS,
  Bt: 'OF SF AF PF CF',
  Bts: 'OF SF AF PF CF',
  Btr: 'OF SF AF PF CF',
  Btc: 'OF SF AF PF CF',
  Bsf: STATUS,
  Bsr: STATUS,
  Tzcnt: STATUS,
  Lzcnt: STATUS,
  Popcnt: STATUS,
  Andn: STATUS,
  Bextr: STATUS,
  Blsi: STATUS,
  Blsmsk: STATUS,
  Blsr: STATUS,
  Bzhi: STATUS,
  Adcx: 'CF',
  Adox: 'OF',
  CmpXchg: STATUS,
  Clc: 'CF',
  Stc: 'CF',
  Cmc: 'CF',
  Cld: 'DF',
  Std: 'DF',
  Sahf: 'SF ZF AF PF CF',
  Ptest: STATUS,
  Testps: STATUS,
  Testpd: STATUS,
  Pcmpestrm: STATUS,
  Pcmpistrm: STATUS,
  Pcmpestri: STATUS,
  Pcmpistri: STATUS,
  Ucomiss: STATUS,
  Ucomisd: STATUS,
  Comiss: STATUS,
  Comisd: STATUS,
};

/** RFLAGS mask of the flags that `op` writes (doors: see the forms). */
export function flagsWrittenBy(op: Op): number {
  return flagMask(FLAGS[familyOf(op)] ?? '');
}

const FAULTING =
  /^(Load|LoadZx|LoadSx|LoadForStore|Store|LoadSegment|LoadSegmentForStore|StoreSegment|Push|Pop|Peek|Call|Ret|Div|Idiv|Jmp|Jcc|Loop|Jcxz|Raise|Require|Gather|Unimplemented)/;
/** Micro-ops that may raise #XM. */
const FLOATING_POINT =
  /^((Add|Sub|Mul|Div|Min|Max|Sqrt|Cmp|Addsub|Hadd|Hsub|Round|Dp)[ps][sd]|U?comis[sd]|Cvt\w+|Fn?m(add|sub)(add|sub)?[ps][sd])$/;

/** The micro-op may raise an exception. (A store behind a load for store of the same bytes cannot.) */
export function mayFault(op: Op): boolean {
  const name = Op[op] ?? '';
  return FAULTING.test(name) || FLOATING_POINT.test(name);
}

/** Registers that a family writes although no operand names them. */
const IMPLIED_WRITES: Readonly<Record<string, readonly string[]>> = {
  Mul: ['RAX', 'RDX'],
  Imul: ['RAX', 'RDX'],
  Div: ['RAX', 'RDX'],
  Idiv: ['RAX', 'RDX'],
  CmpXchg: ['RAX'],
  Lahf: ['RAX'],
  Salc: ['RAX'],
  Drop: ['RSP'],
  Loop: ['RCX'],
  Loope: ['RCX'],
  Loopne: ['RCX'],
};

/** Registers that `op` writes beside its destination; the stack pointer of pushes, pops, calls and returns included. */
export function impliedWrites(op: Op): readonly string[] {
  const family = familyOf(op);
  if (/^(Push|Pop|Call|Ret)/.test(family)) return ['RSP'];
  return IMPLIED_WRITES[family] ?? [];
}
