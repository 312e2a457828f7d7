/**
 * Zen 1: AVX, AVX2, FMA and F16C instructions that have no counterpart in SSE, and those whose 256-bit form is not the 128-bit one
 * twice. Sources as in zen1.ts. Rows with a mnemonic that begins with V are not doubled for 256 bits.
 */
import type { TimingRow } from '../core-model.js';

const LOAD = 3;

/** An estimate, after the published tables for this processor, which were not looked up one by one. */
function estimate(row: Omit<TimingRow, 'source' | 'estimate'>): TimingRow {
  return { ...row, source: 'E', estimate: true };
}

const WIDE = /ymm/;

export const ZEN1_AVX_ROWS: readonly TimingRow[] = [
  {
    mnemonics: 'FMADD* FMSUB* FNMADD* FNMSUB*',
    ports: 'fp01',
    latency: 5,
    loadExtra: LOAD,
    source: 'LLVM',
  },
  {
    mnemonics: 'VMOVLPS VMOVLPD VMOVHPS VMOVHPD',
    syntax: / xmm2, xmm1, m64/,
    ports: 'fp12',
    latency: 1,
    loadExtra: LOAD,
    source: 'LLVM',
  },
  {
    mnemonics: 'BROADCAST* PBROADCAST*',
    operand: 'memory',
    move: true,
    loadExtra: LOAD,
    source: 'LLVM',
  },
  { mnemonics: 'BROADCAST* PBROADCAST*', ports: 'fp12', latency: 1, source: 'LLVM' },
  { mnemonics: 'PERMILPS PERMILPD', ports: 'fp12', latency: 1, loadExtra: LOAD, source: 'LLVM' },
  estimate({
    mnemonics: 'VPERMQ VPERMPD',
    ports: 'fp12',
    latency: 2,
    slots: 3,
    occupancy: 3,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VPERMD VPERMPS',
    ports: 'fp12',
    latency: 5,
    slots: 3,
    occupancy: 3,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VPERM2F128 VPERM2I128',
    ports: 'fp12',
    latency: 3,
    slots: 8,
    occupancy: 3,
    microcode: 2,
    loadExtra: LOAD,
  }),
  {
    mnemonics: 'VEXTRACTF128 VEXTRACTI128',
    operand: 'memory',
    move: true,
    slots: 2,
    source: 'LLVM',
  },
  { mnemonics: 'VEXTRACTF128 VEXTRACTI128', ports: 'fp013', latency: 1, source: 'LLVM' },
  estimate({
    mnemonics: 'VINSERTF128 VINSERTI128',
    ports: 'fp013',
    latency: 1,
    slots: 2,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VPSLLVD VPSLLVQ VPSRLVD VPSRLVQ VPSRAVD',
    syntax: WIDE,
    ports: 'fp12',
    latency: 3,
    slots: 2,
    occupancy: 2,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VPSLLVD VPSLLVQ VPSRLVD VPSRLVQ VPSRAVD',
    ports: 'fp12',
    latency: 3,
    loadExtra: LOAD,
  }),
  estimate({ mnemonics: 'PBLENDD', ports: 'fp013', latency: 1, loadExtra: LOAD }),
  estimate({ mnemonics: 'TESTPS TESTPD', ports: 'fp12', latency: 3, slots: 2, loadExtra: LOAD }),
  estimate({
    mnemonics: 'VCVTPS2PD VCVTDQ2PD VCVTPD2PS VCVTPD2DQ VCVTTPD2DQ',
    syntax: WIDE,
    ports: 'fp3',
    latency: 7,
    slots: 2,
    occupancy: 2,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VPMOVSX* VPMOVZX*',
    syntax: WIDE,
    ports: 'fp12',
    latency: 2,
    slots: 2,
    occupancy: 2,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VMASKMOVPS VMASKMOVPD VPMASKMOVD VPMASKMOVQ',
    syntax: / m\d+, x/,
    ports: 'fp01',
    latency: 6,
    slots: 18,
    microcode: 6,
  }),
  estimate({
    mnemonics: 'VMASKMOVPS VMASKMOVPD VPMASKMOVD VPMASKMOVQ',
    syntax: / m\d+, y/,
    ports: 'fp01',
    latency: 6,
    slots: 34,
    microcode: 12,
  }),
  estimate({
    mnemonics: 'MASKMOVPS MASKMOVPD PMASKMOVD PMASKMOVQ',
    ports: 'fp01',
    latency: 1,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VGATHER* VPGATHER*',
    syntax: WIDE,
    ports: 'fp12',
    latency: 20,
    slots: 40,
    microcode: 20,
    loadExtra: LOAD,
  }),
  estimate({
    mnemonics: 'VGATHER* VPGATHER*',
    ports: 'fp12',
    latency: 16,
    slots: 24,
    microcode: 12,
    loadExtra: LOAD,
  }),
  {
    mnemonics: 'VZEROUPPER',
    kind: 'Nop',
    microcode: 6,
    source: 'M blocks of vzeroupper: 6.0 cycles each',
  },
  {
    mnemonics: 'VZEROALL',
    kind: 'Nop',
    slots: 2,
    microcode: 10,
    source: 'M block with vzeroall: 12 cycles',
  },
];
