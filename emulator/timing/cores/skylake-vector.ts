/** Skylake client: SSE and MMX instructions. Sources as in skylake.ts. */
import type { TimingRow } from '../core-model.js';
import { ui } from './skylake-row.js';

/** A vector load's data arrives a cycle later than a general register's. */
const VECTOR = { loadExtra: 1 } as const;
const REGISTER = { operand: 'register' } as const;

/** Rows for operations, whose second operand may be a vector in memory. */
function vector(
  mnemonics: string,
  ports: string,
  latency: number,
  more: Partial<TimingRow> = {},
): TimingRow {
  return ui(mnemonics, ports, latency, { ...VECTOR, ...more });
}

const MOVES: readonly TimingRow[] = [
  ui('AESENC AESENCLAST AESDEC AESDECLAST', 'p0', 4, { source: 'E', estimate: true }),
  ui('AESIMC', 'p0', 8, { slots: 2, source: 'E', estimate: true }),
  ui('AESKEYGENASSIST', 'p0', 20, { slots: 13, source: 'E', estimate: true }),
  ui('PCLMULQDQ', 'p5', 7, { source: 'E', estimate: true }),
  ui('SHA1RNDS4 SHA1NEXTE SHA1MSG1 SHA1MSG2 SHA256RNDS2 SHA256MSG1 SHA256MSG2', 'p015', 4, {
    slots: 2,
    source: 'E: Skylake has none',
    estimate: true,
  }),
  ui('PCMPISTRM PCMPISTRI', 'p0', 10, { slots: 3, source: 'E', estimate: true }),
  ui('PCMPESTRM PCMPESTRM64 PCMPESTRI PCMPESTRI64', 'p0', 16, {
    slots: 9,
    reads: 'RAX RDX',
    source: 'E',
    estimate: true,
  }),
  {
    mnemonics: 'MOVAPS MOVAPD MOVUPS MOVUPD MOVDQA MOVDQU',
    operand: 'register',
    eliminated: true,
    source: 'UI',
  },
  vector(
    'MOVAPS MOVAPD MOVUPS MOVUPD MOVDQA MOVDQU MOVSS MOVSD MOVD MOVQ LDDQU MOVNTPS MOVNTPD MOVNTDQ MOVNTDQA MOVNTQ',
    'p015',
    1,
    { operand: 'memory', move: true },
  ),
  vector('MOVLPS MOVLPD MOVHPS MOVHPD', 'p015', 1, { syntax: /^\w+ m/, move: true }),
  vector('MOVLPS MOVLPD MOVHPS MOVHPD MOVHLPS MOVLHPS MOVSS MOVSD', 'p5', 1),
  ui('MOVD MOVQ', 'p5', 2, { syntax: /^\w+ x?mm\d?, r/ }),
  ui('MOVD MOVQ', 'p0', 2, { syntax: /^\w+ r(32|64|\/m)/ }),
  ui('MOVQ', 'p015', 1),
  ui('MOVQ2DQ MOVDQ2Q', 'p05', 2, { slots: 2 }),
  vector('MOVDDUP MOVSLDUP MOVSHDUP', 'p5', 1),
  ui('MOVMSKPS MOVMSKPD PMOVMSKB', 'p0', 3),
  ui('MASKMOVQ MASKMOVDQU', 'p0', 1, { slots: 10 }),
  vector('PMOVSX* PMOVZX*', 'p5', 1),
  vector('BLENDVPS BLENDVPD PBLENDVB', 'p015', 1),
  vector('BLENDPS BLENDPD', 'p015', 1),
  vector('PBLENDW INSERTPS', 'p5', 1),
  vector('PINSR*', 'p5', 2, { slots: 2 }),
  ui('PEXTR* EXTRACTPS', 'p5', 3, { slots: 2 }),
];

const INTEGERS: readonly TimingRow[] = [
  vector('PXOR XORPS XORPD PSUBB PSUBW PSUBD PSUBQ PCMPGTB PCMPGTW PCMPGTD PCMPGTQ', 'p015', 1, {
    ...REGISTER,
    zeroIdiom: true,
  }),
  vector('PCMPEQB PCMPEQW PCMPEQD PCMPEQQ', 'p01', 1, { ...REGISTER, breaksDependency: true }),
  vector('PCMPGTQ', 'p5', 3),
  vector('PXOR POR PAND PANDN XORPS XORPD ORPS ORPD ANDPS ANDPD ANDNPS ANDNPD', 'p015', 1),
  vector('PADDB PADDW PADDD PADDQ PSUBB PSUBW PSUBD PSUBQ', 'p015', 1),
  vector('PMULLD', 'p01', 10, { slots: 2, occupancy: 2 }),
  vector('PMUL* PMADDWD PMADDUBSW', 'p01', 5),
  vector('PSADBW', 'p5', 3),
  vector('MPSADBW', 'p5', 4, { slots: 2 }),
  vector('PHMINPOSUW', 'p0', 4),
  vector('PHADD* PHSUB*', 'p5', 3, { slots: 3, occupancy: 2 }),
  vector('PADD* PSUB* PCMPEQ* PCMPGT* PMAX* PMIN* PAVG* PABS* PSIGN*', 'p01', 1),
  vector('PSLLDQ PSRLDQ', 'p5', 1),
  vector('PSLL* PSRL* PSRA*', 'p01', 1, { syntax: /imm8$/ }),
  vector('PSLL* PSRL* PSRA*', 'p01', 2, { slots: 2 }),
  vector('PSHUF* SHUFPS SHUFPD UNPCK* PUNPCK* PACK* PALIGNR', 'p5', 1),
  vector('PTEST', 'p0', 3, { slots: 2 }),
];

const FLOATS: readonly TimingRow[] = [
  vector('ADDPS ADDPD ADDSS ADDSD SUBPS SUBPD SUBSS SUBSD ADDSUBPS ADDSUBPD', 'p01', 4),
  vector('MULPS MULPD MULSS MULSD', 'p01', 4),
  vector('MAX* MIN* CMP*', 'p01', 4),
  vector('DIVPS DIVSS', 'p0', 11, { occupancy: 3 }),
  vector('DIVPD DIVSD', 'p0', 14, { occupancy: 4 }),
  vector('SQRTPS SQRTSS', 'p0', 12, { occupancy: 3 }),
  vector('SQRTPD SQRTSD', 'p0', 18, { occupancy: 6 }),
  vector('RCPPS RCPSS RSQRTPS RSQRTSS', 'p0', 4),
  vector('UCOMISS UCOMISD COMISS COMISD', 'p0', 3),
  vector('CVTSI2SS CVTSI2SD', 'p01', 5, { slots: 2 }),
  vector('CVT*', 'p01', 6, { syntax: /^V?CVT\w+ r(32|64)/, slots: 2 }),
  vector('CVTDQ2PS CVTPS2DQ CVTTPS2DQ', 'p01', 4),
  vector('CVT*', 'p01', 5, { slots: 2 }),
  vector('HADD* HSUB*', 'p01', 6, { slots: 3 }),
  vector('DPPS', 'p01', 13, { slots: 4 }),
  vector('DPPD', 'p01', 9, { slots: 3 }),
  vector('ROUND*', 'p01', 8, { slots: 2 }),
  ui('EMMS', 'p05', 1, { slots: 10 }),
];

/** Instructions of AVX, AVX2, FMA and F16C that have no counterpart in SSE; the others have its rows, with 256 bits as with 128. */
const AVX: readonly TimingRow[] = [
  vector('FMADD* FMSUB* FNMADD* FNMSUB*', 'p01', 4),
  vector('BROADCAST* PBROADCAST*', 'p5', 1, { operand: 'memory', move: true }),
  vector('BROADCAST* PBROADCAST*', 'p5', 3),
  vector('PERMILPS PERMILPD', 'p5', 1),
  vector('PERM* EXTRACTF128 EXTRACTI128 INSERTF128 INSERTI128', 'p5', 3),
  vector('VPSLLV* VPSRLV* VPSRAV*', 'p01', 1),
  vector('PBLENDD', 'p015', 1),
  vector('TESTPS TESTPD', 'p0', 3, { slots: 2 }),
  vector('MASKMOVPS MASKMOVPD PMASKMOVD PMASKMOVQ', 'p015', 1, { slots: 2 }),
  vector('GATHER* PGATHER*', 'p015', 12, { slots: 8, source: 'E', estimate: true }),
  ui('VZEROUPPER VZEROALL', 'p015', 1, { kind: 'Nop', slots: 4, source: 'E', estimate: true }),
];

export const SKYLAKE_VECTOR_ROWS: readonly TimingRow[] = [...MOVES, ...INTEGERS, ...FLOATS, ...AVX];
