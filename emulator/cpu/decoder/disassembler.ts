/**
 * Disassembly in Intel syntax, from the same forms as execution: for crash reports and traces.
 * Numbers are hexadecimal with 0x; branch targets and RIP-relative addresses are absolute.
 */
import type { InstructionForm } from '../../isa/form.js';
import type { Operand } from '../../isa/operand.js';
import { REGISTERS } from '../../isa/state-layout.js';
import { Segment, SLOT_ZERO } from '../../isa/uop.js';
import { DecodeStatus, InstructionDecoder } from './instruction-decoder.js';

export interface Disassembly {
  readonly text: string;
  /** In bytes; at least 1 unless `bytes` is empty. */
  readonly length: number;
}

const ZERO = REGISTERS + 8 * SLOT_ZERO;
const RBP = REGISTERS + 8 * 5;
const RSP = REGISTERS + 8 * 4;
const BYTE_REGISTERS = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const BYTE_REGISTERS_REX = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const WORD_REGISTERS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const MEMORY_SIZES: Readonly<Record<number, string>> = {
  8: 'byte ptr ',
  16: 'word ptr ',
  32: 'dword ptr ',
  48: 'fword ptr ',
  64: 'qword ptr ',
  80: 'tbyte ptr ',
  128: 'xmmword ptr ',
  256: 'ymmword ptr ',
};

let sharedDecoder: InstructionDecoder | null = null;

/**
 * The first instruction of `bytes`, which lies at `rip`, in code of 16, 32 or 64 bits. `(bad)` for an undefined opcode,
 * `(incomplete)` when bytes are missing.
 */
export function disassemble(
  bytes: Uint8Array,
  rip: bigint,
  codeSizeBits: 16 | 32 | 64,
): Disassembly {
  sharedDecoder ??= new InstructionDecoder();
  const status = sharedDecoder.decode(bytes, 0, bytes.length, codeSizeBits >> 5);
  const length = Math.min(Math.max(sharedDecoder.length, 1), bytes.length);
  if (status === DecodeStatus.Incomplete) return { text: '(incomplete)', length };
  if (status !== DecodeStatus.Complete) return { text: '(bad)', length };
  return { text: new Text(sharedDecoder, rip, codeSizeBits).instruction(), length };
}

/** The text of one decoded instruction. */
class Text {
  private readonly form: InstructionForm;

  constructor(
    private readonly decoder: InstructionDecoder,
    private readonly rip: bigint,
    private readonly codeSizeBits: 16 | 32 | 64,
  ) {
    this.form = decoder.table.formOf(decoder.variant);
  }

  instruction(): string {
    const { decoder, form } = this;
    const bySize = form.attributes.mnemonicByAddressSize?.[decoder.addressBits >> 5];
    const mnemonic = this.prefix() + (bySize ?? form.mnemonic).toLowerCase();
    const operands = form.operands
      .filter((operand) => operand.text !== '<XMM0>')
      .map((operand) => this.operand(operand));
    return operands.length === 0 ? mnemonic : `${mnemonic} ${operands.join(', ')}`;
  }

  private prefix(): string {
    const { decoder, form } = this;
    if (decoder.lock) return 'lock ';
    if (form.attributes.repeat !== true || decoder.repeat === 0) return '';
    const compares = /^(CMPS|SCAS)/.test(form.mnemonic);
    if (!compares) return 'rep ';
    return decoder.repeat === 1 ? 'repe ' : 'repne ';
  }

  private operand(operand: Operand): string {
    switch (operand.kind) {
      case 'implied register':
        return registerName(operand.number, operand.bits, true);
      case 'implied segment register':
        return operand.text.toLowerCase();
      case 'one':
        return '1';
      case 'immediate':
        return this.immediate(operand);
      case 'relative':
        return hex(this.target());
      case 'far pointer':
        return `${hex(BigInt(this.decoder.immediateSecond))}:${hex(BigInt(this.decoder.immediateLow >>> 0))}`;
      case 'segment register':
        return (Segment[this.decoder.reg] ?? '').toLowerCase();
      case 'control register':
        return `cr${this.decoder.reg}`;
      case 'debug register':
        return `dr${this.decoder.reg}`;
      case 'vector':
        return this.vectorName(operand);
      case 'register':
        return this.registerOrVector(operand);
      case 'memory':
      case 'memory offset':
        return this.memory(operand);
      case 'register or memory':
      case 'vector or memory':
        return this.decoder.inMemory ? this.memory(operand) : this.registerOrVector(operand);
    }
  }

  private registerOrVector(operand: Operand): string {
    if (operand.kind === 'vector or memory') return this.vectorName(operand);
    return registerName(this.registerNumber(operand), operand.bits, this.decoder.rexPresent);
  }

  private registerNumber(operand: Operand): number {
    const { decoder } = this;
    if (operand.place === 'ModRM.reg') return decoder.reg;
    if (operand.place === 'ModRM.rm') return decoder.rm;
    if (operand.place === 'is4') return decoder.is4;
    return operand.place === 'opcode' ? decoder.opcodeRegister : decoder.vvvv;
  }

  /** st(i), mm, xmm and ymm registers. */
  private vectorName(operand: Operand): string {
    const number = this.registerNumber(operand);
    if (operand.text === 'ST' || operand.text === 'ST(0)') return 'st(0)';
    if (operand.text.startsWith('ST')) return `st(${number & 7})`;
    const bank = operand.text.slice(0, 3);
    return bank === 'xmm' || bank === 'ymm' ? `${bank}${number}` : `mm${number & 7}`;
  }

  /** Sign-extended to the operand size where the instruction does so, else as encoded. */
  private immediate(operand: Operand): string {
    const { decoder, form } = this;
    const second =
      form.encoding.fields.length === 2 && operand === form.operands[form.operands.length - 1];
    if (second) return hex(BigInt(decoder.immediateSecond));
    const value = (BigInt(decoder.immediateHigh) << 32n) | BigInt(decoder.immediateLow >>> 0);
    return hex(BigInt.asUintN(this.immediateBits(operand), value));
  }

  private immediateBits(operand: Operand): number {
    const { form, decoder } = this;
    const extended = /^(ADD|OR|ADC|SBB|AND|SUB|XOR|CMP|TEST|MOV|IMUL|PUSH)$/.test(form.mnemonic);
    if (!extended) return operand.bits;
    if (form.mnemonic === 'PUSH') return decoder.table.operandSize[decoder.variant] ?? 64;
    const first = form.operands[0];
    return Math.max(first?.bits ?? 0, first?.memoryBits ?? 0, operand.bits);
  }

  private target(): bigint {
    const { decoder } = this;
    const next = this.rip + BigInt(decoder.length);
    const sizeBits = decoder.table.operandSize[decoder.variant] ?? 64;
    return BigInt.asUintN(
      this.codeSizeBits === 64 ? 64 : sizeBits,
      next + BigInt(decoder.immediateLow),
    );
  }

  private memory(operand: Operand): string {
    const { decoder } = this;
    const { mnemonic } = this.form;
    const elementBits = /^VP?GATHER/.test(mnemonic) ? (/(PD|[DQ]Q)$/.test(mnemonic) ? 64 : 32) : 0;
    const size = /^m(16&|$|em$|512)/.test(operand.text)
      ? ''
      : (MEMORY_SIZES[operand.memoryBits || elementBits] ?? '');
    const { base, segmentOverride } = decoder;
    const normal = base === RBP || base === RSP ? Segment.SS : Segment.DS;
    const overridden =
      segmentOverride >= 0 && segmentOverride !== normal && this.form.mnemonic !== 'LEA';
    const segment = overridden ? `${(Segment[segmentOverride] ?? '').toLowerCase()}:` : '';
    const bits = decoder.addressBits;
    const indices = /^vm\d+([xy])$/.exec(operand.text)?.[1];
    const terms: string[] = [];
    if (decoder.base !== ZERO) terms.push(addressRegister(decoder.base, bits));
    if (decoder.index !== ZERO) {
      // Two registers of a 16-bit address have no factor; a lone index shows that it is none of the bases.
      const factor = decoder.scale > 0 || terms.length === 0 ? `*${1 << decoder.scale}` : '';
      terms.push(addressRegister(decoder.index, bits) + factor);
    }
    if (indices !== undefined) {
      const factor = decoder.scale > 0 || terms.length === 0 ? `*${1 << decoder.scale}` : '';
      terms.push(`${indices}mm${decoder.vectorIndex}${factor}`);
    }
    return `${size}${segment}[${terms.join('+')}${this.displacement(terms.length > 0)}]`;
  }

  private displacement(signed: boolean): string {
    const { decoder } = this;
    let value = BigInt.asIntN(
      64,
      (BigInt(decoder.displacementHigh) << 32n) | BigInt(decoder.displacementLow >>> 0),
    );
    if (decoder.ripRelative) value += this.rip + BigInt(decoder.length);
    if (!signed) return hex(BigInt.asUintN(decoder.addressBits, value));
    if (value === 0n) return '';
    return value < 0n ? `-${hex(-value)}` : `+${hex(value)}`;
  }
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** The name of a general-purpose register of 8, 16, 32 or 64 bits. */
function registerName(number: number, bits: number, rex: boolean): string {
  if (bits === 8) {
    if (number >= 8) return `r${number}b`;
    return (rex ? BYTE_REGISTERS_REX : BYTE_REGISTERS)[number] ?? '';
  }
  if (number >= 8) return `r${number}${bits === 64 ? '' : bits === 32 ? 'd' : 'w'}`;
  const word = WORD_REGISTERS[number] ?? '';
  return bits === 64 ? `r${word}` : bits === 32 ? `e${word}` : word;
}

function addressRegister(slot: number, bits: number): string {
  return registerName((slot - REGISTERS) >> 3, bits, false);
}
