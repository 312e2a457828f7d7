/**
 * What CPUID answers: exactly what this processor has, and nothing more.
 * Source: Intel SDM Vol. 2A, "CPUID—CPU Identification"; AMD64 APM Vol. 3, "Obtaining Processor Information via the
 * CPUID Instruction" (leaves 8000_0000h on).
 *
 * The vendor string is our own. Kernels know "GenuineIntel" and "AuthenticAMD" by quirk tables that are not true here; for
 * an unknown vendor they go by the feature bits, which is what a processor without quirks wants.
 */

export interface CpuidLeaf {
  readonly leaf: number;
  /** ECX, or null when the leaf has no subleaves. */
  readonly subleaf: number | null;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

const VENDOR = 'S7X-Emulator';
const BRAND = 'System 7X virtual processor';
/** Family 6, model 0, stepping 1. */
const SIGNATURE = 0x00000601;

function bits(...numbers: readonly number[]): number {
  return numbers.reduce((word, number) => word | (1 << number), 0) >>> 0;
}

/** Four characters from `offset` on as a little-endian register value; absent characters are 0. */
function characters(text: string, offset: number): number {
  let word = 0;
  for (let index = 0; index < 4; index++) {
    word |= (offset + index < text.length ? text.charCodeAt(offset + index) : 0) << (8 * index);
  }
  return word >>> 0;
}

function leaf(number: number, eax: number, ebx: number, ecx: number, edx: number): CpuidLeaf {
  return { leaf: number, subleaf: null, eax, ebx, ecx, edx };
}

function brandLeaf(index: number): CpuidLeaf {
  const [eax, ebx, ecx, edx] = [0, 4, 8, 12].map((offset) =>
    characters(BRAND, 16 * index + offset),
  );
  return leaf(0x80000002 + index, eax ?? 0, ebx ?? 0, ecx ?? 0, edx ?? 0);
}

/** CPUID 1:EDX; with the local APIC, bit 9 more. CLFSH does not exist yet. */
const FEATURES_1_EDX = bits(
  0, // FPU
  2, // DE: debugging extensions
  3, // PSE
  4, // TSC
  5, // MSR
  6, // PAE
  7, // MCE
  8, // CX8
  11, // SEP: SYSENTER
  12, // MTRR
  13, // PGE
  14, // MCA: no banks (IA32_MCG_CAP is 0)
  15, // CMOV
  16, // PAT
  17, // PSE-36: 4-MByte pages at addresses of 40 bits
  23, // MMX
  24, // FXSR
  25, // SSE
  26, // SSE2
);

/** CPUID 1:ECX. */
const FEATURES_1_ECX = bits(
  0, // SSE3
  1, // PCLMULQDQ
  9, // SSSE3
  12, // FMA
  13, // CMPXCHG16B
  17, // PCID
  19, // SSE4.1
  20, // SSE4.2
  22, // MOVBE
  23, // POPCNT
  25, // AESNI
  26, // XSAVE
  28, // AVX
  29, // F16C
);

const FEATURE_APIC = bits(9);
/** CPUID 1:ECX, with the local APIC: x2APIC, TSC-deadline mode of its timer. */
const FEATURES_1_ECX_APIC = bits(21, 24);
/** One logical processor in the package. */
const TOPOLOGY_1_EBX = 1 << 16;

const FEATURES_7_EBX = bits(
  0, // FSGSBASE
  3, // BMI1
  5, // AVX2
  7, // SMEP
  8, // BMI2
  10, // INVPCID
  13, // FCS and FDS are deprecated: 0
  19, // ADX
  20, // SMAP
  29, // SHA
);

const FEATURES_7_ECX = bits(
  2, // UMIP
  16, // LA57: 5-level paging
);

const XCR0_SUPPORTED = bits(
  0, // x87
  1, // SSE
  2, // AVX
);
/** Legacy region and header, and behind them bits 255 to 128 of sixteen YMM registers. */
const XSAVE_HEADER_END_BYTES = 576;
const XSAVE_AVX_BYTES = 256;

const FEATURES_D_1_EAX = bits(
  0, // XSAVEOPT
  1, // XSAVEC
  2, // XGETBV with ECX = 1
  3, // XSAVES, XRSTORS, IA32_XSS
);

const FEATURES_80000001_ECX = bits(
  0, // LAHF and SAHF in 64-bit mode
  5, // LZCNT
);

const FEATURES_80000001_EDX = bits(
  11, // SYSCALL
  20, // NX
  26, // 1-GiB pages
  27, // RDTSCP
  29, // Intel 64
);

const LEVEL_SMT = 1;
const LEVEL_CORE = 2;

/** Leaf 0BH: each level has one logical processor, whose x2APIC id is 0. */
function topologyLeaf(subleaf: number, level: number): CpuidLeaf {
  return { leaf: 0xb, subleaf, eax: 0, ebx: 1, ecx: level << 8, edx: 0 };
}

/** Of a processor without a local APIC. */
export const CPUID_TABLE: readonly CpuidLeaf[] = [
  leaf(0, 0xd, characters(VENDOR, 0), characters(VENDOR, 8), characters(VENDOR, 4)),
  leaf(1, SIGNATURE, 0, FEATURES_1_ECX, FEATURES_1_EDX),
  { leaf: 7, subleaf: 0, eax: 0, ebx: FEATURES_7_EBX, ecx: FEATURES_7_ECX, edx: 0 },
  // What XCR0 may enable, and the size of its area; the core puts in the size of what is enabled.
  {
    leaf: 0xd,
    subleaf: 0,
    eax: XCR0_SUPPORTED,
    ebx: 0,
    ecx: XSAVE_HEADER_END_BYTES + XSAVE_AVX_BYTES,
    edx: 0,
  },
  { leaf: 0xd, subleaf: 1, eax: FEATURES_D_1_EAX, ebx: 0, ecx: 0, edx: 0 },
  { leaf: 0xd, subleaf: 2, eax: XSAVE_AVX_BYTES, ebx: XSAVE_HEADER_END_BYTES, ecx: 0, edx: 0 },
  leaf(0x80000000, 0x80000008, 0, 0, 0),
  leaf(0x80000001, SIGNATURE, 0, FEATURES_80000001_ECX, FEATURES_80000001_EDX),
  brandLeaf(0),
  brandLeaf(1),
  brandLeaf(2),
  leaf(0x80000007, 0, 0, 0, bits(8)), // the TSC runs at a constant rate
  leaf(0x80000008, 52 | (57 << 8), 0, 0, 0), // physical and linear address bits
];

/** The table of a processor with or without a local APIC. */
export function cpuidTable({ apic }: { readonly apic: boolean }): readonly CpuidLeaf[] {
  if (!apic) return CPUID_TABLE;
  const table = CPUID_TABLE.map((row) => {
    if (row.leaf !== 1) return row;
    const ecx = (row.ecx | FEATURES_1_ECX_APIC) >>> 0;
    return { ...row, ebx: TOPOLOGY_1_EBX, ecx, edx: (row.edx | FEATURE_APIC) >>> 0 };
  });
  return [...table, topologyLeaf(0, LEVEL_SMT), topologyLeaf(1, LEVEL_CORE)];
}
