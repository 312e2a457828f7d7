/**
 * iced-x86 as the oracle for lengths, validity and text, and the list of what it and this decoder read differently.
 * iced decodes for every vendor and every feature; this processor is one, and its CPUID offers less.
 */
import {
  Code,
  CpuidFeature,
  Decoder,
  DecoderOptions,
  Formatter,
  FormatterSyntax,
  Instruction,
  Mnemonic,
} from 'iced-x86';

export type CodeSize = 16 | 32 | 64;

export interface IcedInstruction {
  readonly valid: boolean;
  readonly length: number;
  readonly mnemonic: string;
  readonly code: number;
}

/** Room behind the strings, so that none is cut short. */
export const STRING_BYTES = 16;

/** One decoder over many strings of STRING_BYTES each. */
export class IcedDecoder {
  private readonly decoder: Decoder;
  private readonly instruction = new Instruction();

  constructor(codeSize: CodeSize, bytes: Uint8Array) {
    this.decoder = new Decoder(codeSize, bytes, DecoderOptions.None);
  }

  decodeAt(position: number, rip = 0n): IcedInstruction {
    this.decoder.position = position;
    this.decoder.ip = rip;
    this.decoder.decodeOut(this.instruction);
    const { code, length, mnemonic } = this.instruction;
    return {
      valid: code !== Code.INVALID,
      length,
      code,
      mnemonic: (Mnemonic[mnemonic] ?? '').toLowerCase(),
    };
  }

  features(): string[] {
    return [...this.instruction.cpuidFeatures()].map((feature) => CpuidFeature[feature] ?? '');
  }

  /** Text in the spelling of our disassembler, as far as options of the formatter reach. */
  text(formatter: Formatter): string {
    return formatter.format(this.instruction);
  }

  codeName(): string {
    return Code[this.instruction.code] ?? '';
  }

  free(): void {
    this.instruction.free();
    this.decoder.free();
  }
}

export function intelFormatter(): Formatter {
  const formatter = new Formatter(FormatterSyntax.Intel);
  formatter.hexPrefix = '0x';
  formatter.hexSuffix = '';
  formatter.uppercaseHex = false;
  formatter.spaceAfterOperandSeparator = true;
  formatter.smallHexNumbersInDecimal = false;
  formatter.branchLeadingZeros = false;
  formatter.showBranchSize = false;
  formatter.addLeadingZeroToHexNumbers = false;
  formatter.memorySizeOptions = 1; // always
  return formatter;
}

/** Instructions of other vendors, and of Intel processors this one is not: undefined opcodes here. */
export const FEATURES_NOT_OFFERED = new RegExp(
  `^(${[
    // AMD, Cyrix, VIA, Centaur, Knights Corner
    'XOP|TBM|LWP|FMA4|D3NOW|D3NOWEXT|SSE4A|SVM|SKINIT_or_SVM|SEV_ES|SEV_SNP|SNP|CLZERO|MONITORX|MCOMMIT|RDPRU|INVLPGB',
    'CYRIX_\\w+|PADLOCK_\\w+|CENTAUR_\\w+|GEODE|CL1INVMB|KNC|UDBG',
    // Intel's, each reported by a CPUID bit that is 0 here
    'CET_SS|RTM|HLE_or_RTM|WAITPKG|MOVDIRI|MOVDIR64B|ENQCMD|SERIALIZE|TSXLDTRK|PTWRITE|PCONFIG|SGX1|OSS|UINTR|HRESET',
    'KL|AESKLE|WIDE_KL|TDX|TSE|PBNDKB|RAO_INT|LKGS|WRMSRNS|MSRLIST|USER_MSR|MSR_IMM|FRED',
    'VAES|VPCLMULQDQ|GFNI|SHA512|SM3|SM4|CMPCCXADD|AMX_\\w+|AVX_\\w+|AVX10\\w*|AVX512\\w*',
    // forms of old processors that later ones dropped
    'FPU387SL_ONLY|FPU287XL_ONLY',
  ].join('|')})$`,
);

/** What iced accepts and this decoder does not, each with its reason. */
export const REJECTED_HERE: readonly (readonly [
  pattern: RegExp,
  sizes: readonly CodeSize[],
  reason: string,
])[] = [
  [
    /^Syscall$|^Sysretd$/,
    [16, 32],
    'AMD has SYSCALL and SYSRET in legacy mode; the SDM says "Invalid"',
  ],
];

/** Mnemonics that differ for the same instruction: ours, then iced's. */
export const SPELLINGS: readonly (readonly [ours: RegExp, iced: RegExp, reason: string])[] = [
  [/^nop$/, /^reservednop$/, 'reserved-NOP rows of the opcode map'],
  [
    /^nop$/,
    /^(prefetch|prefetchw|prefetchit[01]|cldemote|rdsspd|rdsspq|bnd\w+)$/,
    'hints of features not offered execute as NOP',
  ],
  [/^fwait$/, /^wait$/, 'two names of 9B'],
  [/^getsec$/, /^getsecq$/, 'REX.W makes no difference to GETSEC'],
  [/^wbinvd$/, /^wbnoinvd$/, 'F3 is ignored where WBNOINVD is not offered'],
  [/^xchg$/, /^pause$/, 'F3 with REX.B and 90 is an exchange with R8'],
  [/^avx512$/, /./, 'EVEX instructions are known as such, not one by one'],
  [/^sal$/, /^(shl|sal)$/, '/6 is the same as /4'],
];

/** Encodings whose length is not read: the run stops there. */
export const LENGTH_UNKNOWN = /^avx512$/;
