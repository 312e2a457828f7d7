/** Zen 1: SSE and MMX instructions, 128 bits and less. Sources as in zen1.ts; ports of the four FP pipes by LLVM. */
import type { TimingRow } from '../core-model.js';

/** A vector load's data arrives three cycles after a general register's would. */
const LOAD = 3;

export const ZEN1_VECTOR_ROWS: readonly TimingRow[] = [
  { mnemonics: 'MOVAPS MOVAPD MOVUPS MOVUPD MOVDQA MOVDQU', operand: 'register', eliminated: true, source: 'LLVM' },
  { mnemonics: 'MOVAPS MOVAPD MOVUPS MOVUPD MOVDQA MOVDQU MOVSS MOVSD MOVLPS MOVLPD MOVHPS MOVHPD LDDQU MOVNTPS MOVNTPD MOVNTDQ MOVNTDQA', syntax: /^\w+ (xmm\d?, (xmm\d?\/)?m|(xmm\d?\/)?m\d+, xmm)/, operand: 'memory', move: true, loadExtra: LOAD, ports: 'fp', latency: 1, source: 'M movdqa_load_tp2, movdqa_store_tp2' },
  { mnemonics: 'MOVD MOVQ', operand: 'memory', move: true, loadExtra: LOAD, ports: 'fp', latency: 1, source: 'LLVM' },
  { mnemonics: 'MOVD MOVQ', syntax: /(r\/m|r)(32|64)/, ports: 'fp2', latency: 3, slots: 1, source: 'M movq_xmm_gpr: 6.0' },
  { mnemonics: 'MOVQ MOVSS MOVSD MOVHLPS MOVLHPS MOVQ2DQ MOVDQ2Q', ports: 'fp', latency: 1, source: 'LLVM' },
  { mnemonics: 'MOVDDUP MOVSLDUP MOVSHDUP', loadExtra: LOAD, ports: 'fp12', latency: 1, source: 'LLVM' },
  { mnemonics: 'MOVMSKPS MOVMSKPD PMOVMSKB', ports: 'fp2', latency: 3, source: 'IL' },
  { mnemonics: 'PXOR XORPS XORPD PSUBB PSUBW PSUBD PSUBQ PCMPGTB PCMPGTW PCMPGTD', operand: 'register', zeroIdiom: true, ports: 'fp', latency: 1, source: 'LLVM' },
  { mnemonics: 'PCMPEQB PCMPEQW PCMPEQD', operand: 'register', breaksDependency: true, ports: 'fp013', latency: 1, source: 'LLVM' },
  { mnemonics: 'PXOR POR PAND PANDN XORPS XORPD ORPS ORPD ANDPS ANDPD ANDNPS ANDNPD', loadExtra: LOAD, ports: 'fp', latency: 1, source: 'M paddd_dep; LLVM' },
  { mnemonics: 'PADDB PADDW PADDD PADDQ PSUBB PSUBW PSUBD PSUBQ PADDSB PADDSW PADDUSB PADDUSW PSUBSB PSUBSW PSUBUSB PSUBUSW PCMPEQB PCMPEQW PCMPEQD PCMPGTB PCMPGTW PCMPGTD PMAXSW PMAXUB PMINSW PMINUB PAVGB PAVGW PABSB PABSW PABSD PSIGNB PSIGNW PSIGND PMAX* PMIN*', loadExtra: LOAD, ports: 'fp013', latency: 1, source: 'M paddd_dep' },
  { mnemonics: 'PMULLW PMULHW PMULHUW PMULUDQ PMADDWD PMADDUBSW PMULHRSW PMULDQ PSADBW', loadExtra: LOAD, ports: 'fp0', latency: 3, source: 'LLVM' },
  { mnemonics: 'PMULLD', loadExtra: LOAD, ports: 'fp0', latency: 4, occupancy: 2, source: 'LLVM' },
  { mnemonics: 'PSLL* PSRL* PSRA*', loadExtra: LOAD, ports: 'fp2', latency: 1, source: 'LLVM' },
  { mnemonics: 'PSHUF* SHUFPS SHUFPD UNPCK* PUNPCK* PACK* PALIGNR INSERTPS BLENDPS BLENDPD PBLENDW', loadExtra: LOAD, ports: 'fp12', latency: 1, source: 'LLVM' },
  { mnemonics: 'PINSR* PEXTR* EXTRACTPS', loadExtra: LOAD, ports: 'fp12', latency: 3, slots: 2, source: 'LLVM' },
  { mnemonics: 'PTEST', loadExtra: LOAD, ports: 'fp12', latency: 3, slots: 2, source: 'IL' },
  { mnemonics: 'ADDPS ADDPD ADDSS ADDSD SUBPS SUBPD SUBSS SUBSD ADDSUBPS ADDSUBPD', loadExtra: LOAD, ports: 'fp23', latency: 3, source: 'M addps_dep' },
  { mnemonics: 'MAX* MIN* CMP*', loadExtra: LOAD, ports: 'fp01', latency: 1, source: 'LLVM' },
  { mnemonics: 'MULPS MULSS', loadExtra: LOAD, ports: 'fp01', latency: 3, source: 'LLVM' },
  { mnemonics: 'MULPD MULSD', loadExtra: LOAD, ports: 'fp01', latency: 4, source: 'M mulsd_dep' },
  { mnemonics: 'DIVPS DIVSS', loadExtra: LOAD, ports: 'fp3', latency: 10, occupancy: 3, source: 'LLVM; IL' },
  { mnemonics: 'DIVPD DIVSD', loadExtra: LOAD, ports: 'fp3', latency: 13, occupancy: 5, source: 'LLVM; IL' },
  { mnemonics: 'SQRTPS SQRTSS', loadExtra: LOAD, ports: 'fp3', latency: 14, occupancy: 5, source: 'LLVM; IL' },
  { mnemonics: 'SQRTPD SQRTSD', loadExtra: LOAD, ports: 'fp3', latency: 20, occupancy: 8, source: 'LLVM; IL' },
  { mnemonics: 'RCPPS RCPSS RSQRTPS RSQRTSS', loadExtra: LOAD, ports: 'fp01', latency: 5, source: 'LLVM' },
  { mnemonics: 'UCOMISS UCOMISD COMISS COMISD', loadExtra: LOAD, ports: 'fp01', latency: 7, slots: 2, source: 'IL' },
  { mnemonics: 'CVTSI2SS CVTSI2SD', loadExtra: LOAD, ports: 'fp3', latency: 7, slots: 2, source: 'IL' },
  { mnemonics: 'CVT*', syntax: /^CVT\w+ r(32|64)/, loadExtra: LOAD, ports: 'fp3', latency: 7, slots: 2, source: 'IL' },
  { mnemonics: 'CVT*', loadExtra: LOAD, ports: 'fp3', latency: 4, source: 'LLVM' },
  { mnemonics: 'HADD* HSUB*', loadExtra: LOAD, ports: 'fp23', latency: 7, slots: 4, source: 'IL' },
  { mnemonics: 'ROUND*', loadExtra: LOAD, ports: 'fp3', latency: 4, source: 'LLVM' },
  { mnemonics: 'EMMS', ports: 'fp', latency: 1, source: 'LLVM' },
];
