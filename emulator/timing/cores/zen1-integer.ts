/** Zen 1: integer instructions. Sources as in zen1.ts. */
import type { TimingRow } from '../core-model.js';

const MOVES: readonly TimingRow[] = [
  { mnemonics: 'MOV', operand: 'register', widths: [32, 64], syntax: /^MOV r(\/m)?(32|64), r(\/m)?(32|64)$/, eliminated: true, source: 'M mov_rr_chain2' },
  { mnemonics: 'MOV', operand: 'register', syntax: /^MOV (r|Sreg)/, ports: 'alu', latency: 1, move: true, source: 'M mov_imm32_tp8' },
  { mnemonics: 'MOV MOVZX MOVSX MOVSXD MOVNTI', operand: 'memory', ports: 'alu', latency: 1, move: true, source: 'M l1_chase, l1_chase_movzx, store_tp4' },
  { mnemonics: 'MOVBE', operand: 'memory', ports: 'alu', latency: 1, slots: 2, source: 'LLVM' },
  { mnemonics: 'MOVZX MOVSX MOVSXD', ports: 'alu', latency: 1, source: 'M movzx_dep, movsxd_dep' },
  { mnemonics: 'CMOVA CMOVBE CMOVNBE CMOVNA', ports: 'alu', latency: 2, slots: 1, source: 'M' },
  { mnemonics: 'CMOV*', ports: 'alu', latency: 1, source: 'M cmov_dep' },
  { mnemonics: 'SET*', ports: 'alu', latency: 1, source: 'LLVM' },
  { mnemonics: 'BSWAP', ports: 'alu', latency: 1, source: 'M bswap_dep' },
  { mnemonics: 'CBW CWDE CDQE', ports: 'alu', latency: 1, source: 'LLVM' },
  { mnemonics: 'CWD CDQ CQO', ports: 'alu', latency: 1, slots: 1, source: 'LLVM' },
  { mnemonics: 'XCHG', operand: 'register', widths: [32, 64], kind: 'EliminatedExchange', eliminated: true, slots: 2, source: 'M xchg_rr_dep' },
  { mnemonics: 'XCHG', operand: 'register', ports: 'alu', latency: 1, slots: 2, source: 'LLVM' },
  { mnemonics: 'XCHG', operand: 'memory', ports: 'alu', latency: 6, slots: 2, source: 'M xchg_mem: 29.5' },
  { mnemonics: 'XADD', operand: 'memory', ports: 'alu', latency: 2, slots: 4, reads: '', source: 'M xadd_nolock: 8.0' },
  { mnemonics: 'XADD', ports: 'alu', latency: 1, slots: 4, source: 'LLVM' },
  { mnemonics: 'CMPXCHG', operand: 'memory', ports: 'alu', latency: 4, slots: 6, reads: 'RAX', source: 'M lock_cmpxchg: 28.1' },
  { mnemonics: 'CMPXCHG', ports: 'alu', latency: 1, slots: 5, reads: 'RAX', source: 'LLVM' },
  { mnemonics: 'CMPXCHG8B CMPXCHG16B', ports: 'alu', latency: 6, slots: 18, reads: 'RAX RDX RBX', writes: 'RAX RDX', microcode: 4, source: 'IL' },
  { mnemonics: 'LEA', address: 'complex', ports: 'agu', latency: 2, source: 'M lea_b_i_d8_dep, lea_scaled_dep' },
  { mnemonics: 'LEA', widths: [16], ports: 'alu01', latency: 2, source: 'IL' },
  { mnemonics: 'LEA', ports: 'alu', latency: 1, source: 'M lea_b_i_dep' },
  { mnemonics: 'XLAT XLATB', ports: 'alu', latency: 1, slots: 2, reads: 'RAX RBX', writes: 'RAX', source: 'M xlat: 6.0' },
  { mnemonics: 'LAHF', ports: 'alu', latency: 1, slots: 4, writes: 'RAX', reads: 'RAX', source: 'M lahf_sahf: 5.0' },
  { mnemonics: 'SAHF', ports: 'alu', latency: 1, slots: 2, reads: 'RAX', source: 'M lahf_sahf: 5.0' },
];

const ARITHMETIC: readonly TimingRow[] = [
  { mnemonics: 'XOR SUB', operand: 'register', widths: [32, 64], ports: 'alu', latency: 1, zeroIdiom: true, source: 'M xor_zero_tp8' },
  { mnemonics: 'SBB', operand: 'register', ports: 'alu', latency: 1, breaksDependency: true, source: 'M adc_dep' },
  { mnemonics: 'CMP', operand: 'register', ports: 'alu', latency: 1, breaksDependency: true, source: 'LLVM' },
  { mnemonics: 'ADD SUB AND OR XOR CMP TEST INC DEC NEG NOT', ports: 'alu', latency: 1, source: 'M add_rr_dep, inc_dep, rmw_add_dep' },
  { mnemonics: 'ADC SBB ADCX ADOX', ports: 'alu', latency: 1, source: 'M adc_dep' },
  { mnemonics: 'IMUL', widths: [8], syntax: /^IMUL r\/m8$/, ports: 'mul', latency: 3, slots: 1, reads: 'RAX', source: 'LLVM' },
  { mnemonics: 'MUL', widths: [8], ports: 'mul', latency: 3, slots: 1, reads: 'RAX', source: 'LLVM' },
  { mnemonics: 'MUL IMUL', syntax: /^I?MUL r\/m(16|32|64)$/, ports: 'mul', latency: 3, latencySecond: 1, occupancy: 2, slots: 2, reads: 'RAX', source: 'M mul64_dep; LLVM' },
  { mnemonics: 'IMUL', widths: [64], ports: 'mul', latency: 3, source: 'M imul64_dep' },
  { mnemonics: 'IMUL', ports: 'mul', latency: 3, source: 'M imul32_dep' },
  { mnemonics: 'MULX', ports: 'mul', latency: 3, latencySecond: 1, occupancy: 2, slots: 2, reads: 'RDX', source: 'LLVM' },
  { mnemonics: 'DIV IDIV', widths: [8], ports: 'div', latency: 13, occupancy: 13, slots: 1, reads: 'RAX', byValue: true, source: 'IL' },
  { mnemonics: 'DIV IDIV', ports: 'div', latency: 14, occupancy: 14, slots: 2, reads: 'RAX RDX', byValue: true, source: 'M div64_small_dep, div64_big' },
  { mnemonics: 'AAA AAS DAA DAS AAM AAD', ports: 'alu', latency: 4, slots: 4, reads: 'RAX', writes: 'RAX', source: 'E', estimate: true },
];

const SHIFTS: readonly TimingRow[] = [
  { mnemonics: 'SHL SAL SHR SAR', ports: 'alu', latency: 1, source: 'M shl_imm_dep, shl_cl_dep' },
  { mnemonics: 'ROL ROR', ports: 'alu', latency: 1, source: 'M ror_imm_dep' },
  { mnemonics: 'RCL RCR', syntax: /, 1$/, ports: 'alu', latency: 1, source: 'IL' },
  { mnemonics: 'RCL RCR', ports: 'alu', latency: 4, slots: 8, source: 'IL' },
  { mnemonics: 'SHLD SHRD', ports: 'alu', latency: 3, occupancy: 3, slots: 6, source: 'M shld_dep' },
  { mnemonics: 'SHLX SHRX SARX RORX', ports: 'alu', latency: 1, source: 'M shlx_dep' },
];

const BITS: readonly TimingRow[] = [
  { mnemonics: 'BSF', ports: 'alu', latency: 3, occupancy: 3, slots: 6, source: 'M bsf_dep' },
  { mnemonics: 'BSR', ports: 'alu', latency: 4, occupancy: 4, slots: 7, source: 'M bsr_dep' },
  { mnemonics: 'TZCNT', ports: 'alu', latency: 2, occupancy: 2, slots: 2, source: 'M tzcnt_dep' },
  { mnemonics: 'LZCNT POPCNT', ports: 'alu', latency: 1, source: 'M lzcnt_dep, popcnt_dep' },
  { mnemonics: 'BT', operand: 'register', ports: 'alu', latency: 1, source: 'LLVM' },
  { mnemonics: 'BT', syntax: /imm8/, ports: 'alu', latency: 1, source: 'LLVM' },
  { mnemonics: 'BT', ports: 'alu', latency: 1, slots: 7, source: 'M bt_mem_reg: 3.0' },
  { mnemonics: 'BTS BTR BTC', operand: 'register', ports: 'alu', latency: 2, slots: 2, source: 'LLVM' },
  { mnemonics: 'BTS BTR BTC', syntax: /imm8/, ports: 'alu', latency: 2, slots: 4, source: 'LLVM' },
  { mnemonics: 'BTS BTR BTC', ports: 'alu', latency: 2, slots: 10, source: 'LLVM' },
  { mnemonics: 'ANDN BEXTR BZHI', ports: 'alu', latency: 1, source: 'LLVM' },
  { mnemonics: 'BLSI BLSMSK BLSR', ports: 'alu', latency: 2, slots: 2, source: 'LLVM' },
  { mnemonics: 'PDEP PEXT', ports: 'alu', latency: 18, slots: 6, microcode: 4, source: 'IL' },
  { mnemonics: 'CRC32', ports: 'mul', latency: 3, source: 'LLVM' },
];

const CONTROL: readonly TimingRow[] = [
  { mnemonics: 'NOP PREFETCHW PREFETCHT0 PREFETCHT1 PREFETCHT2 PREFETCHNTA ENDBR64 ENDBR32', kind: 'Nop', source: 'M nop_tp' },
  { mnemonics: 'PUSH POP', ports: 'alu', latency: 1, move: true, source: 'M push_pop' },
  { mnemonics: 'JMP', syntax: /rel/, kind: 'Jump', ports: 'branch', latency: 1, source: 'M jmp_taken' },
  { mnemonics: 'JMP', syntax: /r\/m/, kind: 'IndirectJump', ports: 'branch', latency: 1, source: 'M br indirect' },
  { mnemonics: 'CALL', syntax: /rel/, kind: 'Call', ports: 'branch', latency: 1, slots: 2, source: 'M call_ret' },
  { mnemonics: 'CALL', syntax: /r\/m/, kind: 'IndirectCall', ports: 'branch', latency: 1, slots: 2, source: 'M call_ret' },
  { mnemonics: 'RET', syntax: /^RET( imm16)?$/, kind: 'Return', ports: 'branch', latency: 1, source: 'M call_ret' },
  { mnemonics: 'LOOP LOOPE LOOPNE', kind: 'ConditionalBranch', ports: 'branch', latency: 1, slots: 2, reads: 'RCX', source: 'LLVM' },
  { mnemonics: 'JCXZ JECXZ JRCXZ', kind: 'ConditionalBranch', ports: 'branch', latency: 1, slots: 2, reads: 'RCX', source: 'LLVM' },
  { mnemonics: 'J*', kind: 'ConditionalBranch', ports: 'branch', latency: 1, source: 'M jcc_nt_only' },
  { mnemonics: 'LEAVE', ports: 'alu', latency: 1, slots: 2, reads: 'RBP', writes: 'RBP', source: 'M enter_leave' },
  { mnemonics: 'ENTER', ports: 'alu', latency: 8, slots: 12, reads: 'RBP', writes: 'RBP', source: 'M enter_leave: 18' },
];

const STRINGS: readonly TimingRow[] = [
  { mnemonics: 'MOVS MOVSB MOVSW MOVSD MOVSQ', syntax: /^MOVS[BWDQ]?( m|$)/, kind: 'String', ports: 'alu', latency: 1, slots: 5, cost: 24, reads: 'RSI RDI', writes: 'RSI RDI', source: 'M movsq_1: 3.0; rep movsq, n = 0' },
  { mnemonics: 'STOS STOSB STOSW STOSD STOSQ', kind: 'String', ports: 'alu', latency: 1, slots: 3, cost: 24, reads: 'RAX RDI', writes: 'RDI', source: 'M stosq: 3.0; rep stosq, n = 0' },
  { mnemonics: 'LODS LODSB LODSW LODSD LODSQ', kind: 'String', ports: 'alu', latency: 1, slots: 3, cost: 24, reads: 'RSI RAX', writes: 'RSI RAX', source: 'M lodsq: 3.0' },
  { mnemonics: 'SCAS SCASB SCASW SCASD SCASQ', kind: 'String', ports: 'alu', latency: 1, slots: 3, cost: 24, reads: 'RDI RAX', writes: 'RDI', source: 'M scasb: 3.0' },
  { mnemonics: 'CMPS CMPSB CMPSW CMPSD CMPSQ', syntax: /^CMPS[BWDQ]?( m|$)/, kind: 'String', ports: 'alu', latency: 1, slots: 5, cost: 24, reads: 'RSI RDI', writes: 'RSI RDI', source: 'M cmpsb: 3.0' },
];

const FLAGS: readonly TimingRow[] = [
  { mnemonics: 'CLC STC CMC', ports: 'alu', latency: 1, source: 'LLVM' },
  { mnemonics: 'CLD', ports: 'alu', latency: 3, slots: 3, occupancy: 3, writes: 'DF', reads: 'DF', source: 'M cld: 3.0' },
  { mnemonics: 'STD', ports: 'alu', latency: 3, slots: 4, occupancy: 3, writes: 'DF', reads: 'DF', microcode: 140, source: 'M std_cld: 145' },
];

export const ZEN1_INTEGER_ROWS: readonly TimingRow[] = [
  ...MOVES,
  ...ARITHMETIC,
  ...SHIFTS,
  ...BITS,
  ...CONTROL,
  ...STRINGS,
  ...FLAGS,
];
