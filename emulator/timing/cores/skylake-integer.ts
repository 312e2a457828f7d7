/** Skylake client: integer instructions. Sources as in skylake.ts. */
import type { TimingRow } from '../core-model.js';
import { serialising, ui } from './skylake-row.js';

const REGISTER = { operand: 'register' } as const;
const MEMORY = { operand: 'memory' } as const;
/** The destination is in memory: the operation, its load, and the store are two fused micro-ops. */
const MODIFY = { operand: 'memory', syntax: /^\w+ r\/m/, slots: 2 } as const;

const MOVES: readonly TimingRow[] = [
  serialising('MOV', 12, { syntax: /^MOV Sreg/ }),
  serialising('MOV', 100, { syntax: /CR|DR/ }),
  {
    mnemonics: 'MOV',
    operand: 'register',
    widths: [32, 64],
    syntax: /^MOV r(\/m)?(32|64), r(\/m)?(32|64)$/,
    eliminated: true,
    source: 'UI',
  },
  ui('MOV', 'p0156', 1, { ...REGISTER, move: true }),
  ui('MOV MOVZX MOVSX MOVSXD MOVNTI', 'p0156', 1, { ...MEMORY, move: true }),
  ui('MOVBE', 'p15', 1, { slots: 2 }),
  ui('MOVZX MOVSX MOVSXD', 'p0156', 1),
  ui('CMOVA CMOVBE CMOVNBE CMOVNA', 'p06', 2, { slots: 2 }),
  ui('CMOV*', 'p06', 1),
  ui('SETA SETBE SETNBE SETNA', 'p06', 2, { slots: 2 }),
  ui('SET*', 'p06', 1),
  ui('BSWAP', 'p15', 2, { widths: [64], slots: 2 }),
  ui('BSWAP', 'p15', 1),
  ui('CBW CWDE CDQE', 'p0156', 1),
  ui('CWD', 'p0156', 2, { slots: 2 }),
  ui('CDQ CQO', 'p06', 1),
  ui('XCHG', 'p0156', 2, { ...REGISTER, slots: 3 }),
  ui('XCHG', 'p0156', 2, { ...MEMORY, slots: 8, source: 'IL XCHG r, m: 18' }),
  ui('XADD', 'p0156', 2, { slots: 4 }),
  ui('CMPXCHG', 'p0156', 4, { ...MEMORY, slots: 6, reads: 'RAX' }),
  ui('CMPXCHG', 'p0156', 2, { slots: 5, reads: 'RAX' }),
  ui('CMPXCHG8B CMPXCHG16B', 'p0156', 8, {
    slots: 19,
    microcode: 4,
    reads: 'RAX RDX RBX',
    writes: 'RAX RDX',
  }),
  ui('LEA', 'p1', 3, { address: 'complex', source: 'UI, of three parts; with a factor alone 1' }),
  ui('LEA', 'p15', 1),
  ui('XLAT XLATB', 'p0156', 1, { slots: 3, reads: 'RAX RBX', writes: 'RAX' }),
  ui('LAHF', 'p06', 1, { reads: 'RAX', writes: 'RAX' }),
  ui('SAHF', 'p06', 1, { reads: 'RAX' }),
];

const ARITHMETIC: readonly TimingRow[] = [
  ui('XOR SUB', 'p0156', 1, { ...REGISTER, widths: [32, 64], zeroIdiom: true }),
  ui('CMP', 'p0156', 1, { ...REGISTER, breaksDependency: true }),
  ui('ADD SUB AND OR XOR INC DEC NEG NOT', 'p0156', 1, MODIFY),
  ui('ADD SUB AND OR XOR CMP TEST INC DEC NEG NOT', 'p0156', 1),
  ui('ADC SBB', 'p06', 1, { ...MODIFY, slots: 3 }),
  ui('ADC SBB ADCX ADOX', 'p06', 1),
  ui('IMUL MUL', 'p1', 3, { syntax: /^I?MUL r\/m8$/, reads: 'RAX' }),
  ui('IMUL MUL', 'p1', 3, {
    syntax: /^I?MUL r\/m64$/,
    latencySecond: 1,
    slots: 2,
    reads: 'RAX',
  }),
  ui('IMUL MUL', 'p1', 4, {
    syntax: /^I?MUL r\/m(16|32)$/,
    latencySecond: 1,
    slots: 3,
    reads: 'RAX',
  }),
  ui('IMUL', 'p1', 3),
  ui('MULX', 'p1', 4, { latencySecond: 1, slots: 2, reads: 'RDX' }),
  ui('DIV IDIV', 'p0', 35, {
    widths: [64],
    occupancy: 21,
    slots: 36,
    microcode: 8,
    reads: 'RAX RDX',
    byValue: true,
  }),
  ui('DIV IDIV', 'p0', 23, { widths: [8], occupancy: 6, slots: 10, reads: 'RAX' }),
  ui('DIV IDIV', 'p0', 26, { occupancy: 6, slots: 10, reads: 'RAX RDX' }),
  ui('AAA AAS DAA DAS AAM AAD', 'p0156', 4, {
    slots: 4,
    reads: 'RAX',
    writes: 'RAX',
    source: 'E',
    estimate: true,
  }),
];

const SHIFTS: readonly TimingRow[] = [
  ui('SHL SAL SHR SAR ROL ROR', 'p06', 2, { syntax: /CL$/, slots: 3 }),
  ui('SHL SAL SHR SAR ROL ROR', 'p06', 1),
  ui('RCL RCR', 'p06', 2, { syntax: /, 1$/, slots: 3 }),
  ui('RCL RCR', 'p06', 6, { slots: 8 }),
  ui('SHLD SHRD', 'p1', 3, { syntax: /imm8$/ }),
  ui('SHLD SHRD', 'p1', 3, { slots: 4 }),
  ui('SHLX SHRX SARX RORX', 'p06', 1),
];

const BITS: readonly TimingRow[] = [
  ui('BSF BSR TZCNT LZCNT POPCNT CRC32 PDEP PEXT', 'p1', 3),
  ui('BT', 'p06', 1, { ...MEMORY, syntax: /, r\d/, slots: 10 }),
  ui('BT', 'p06', 1),
  ui('BTS BTR BTC', 'p06', 1, { ...MEMORY, syntax: /, r\d/, slots: 11 }),
  ui('BTS BTR BTC', 'p06', 1, { ...MEMORY, slots: 3 }),
  ui('BTS BTR BTC', 'p06', 1),
  ui('BEXTR', 'p06', 2, { slots: 2 }),
  ui('ANDN BZHI BLSI BLSMSK BLSR', 'p15', 1),
];

const CONTROL: readonly TimingRow[] = [
  {
    mnemonics: 'NOP ENDBR64 ENDBR32',
    kind: 'Nop',
    source: 'UI',
  },
  {
    mnemonics: 'PREFETCHW PREFETCHWT1 PREFETCHT0 PREFETCHT1 PREFETCHT2 PREFETCHNTA',
    move: true,
    source: 'UI: one operation of a load; where the line goes is an estimate',
    estimate: true,
  },
  serialising('PUSH POP', 12, { syntax: /[C-G]S$/ }),
  ui('PUSH POP', 'p0156', 1, { move: true }),
  ui('JMP', 'p6', 1, { syntax: /rel/, kind: 'Jump' }),
  ui('JMP', 'p6', 1, { syntax: /r\/m/, kind: 'IndirectJump' }),
  ui('CALL', 'p6', 1, { syntax: /rel/, kind: 'Call', slots: 2 }),
  ui('CALL', 'p6', 1, { syntax: /r\/m/, kind: 'IndirectCall', slots: 2 }),
  ui('RET', 'p6', 1, { syntax: /^RET( imm16)?$/, kind: 'Return', slots: 2 }),
  ui('LOOP LOOPE LOOPNE', 'p06', 1, { kind: 'ConditionalBranch', slots: 7, reads: 'RCX' }),
  ui('JCXZ JECXZ JRCXZ', 'p06', 1, { kind: 'ConditionalBranch', slots: 2, reads: 'RCX' }),
  ui('J*', 'p06', 1, { kind: 'ConditionalBranch' }),
  ui('LEAVE', 'p0156', 1, { slots: 3, reads: 'RBP', writes: 'RBP' }),
  ui('ENTER', 'p0156', 8, { slots: 12, reads: 'RBP', writes: 'RBP' }),
];

const string = (mnemonics: string, slots: number, reads: string, writes: string): TimingRow =>
  ui(mnemonics, 'p0156', 1, { kind: 'String', slots, cost: 30, reads, writes });

const STRINGS: readonly TimingRow[] = [
  {
    ...string('MOVS MOVSB MOVSW MOVSD MOVSQ', 5, 'RSI RDI', 'RSI RDI'),
    syntax: /^MOVS[BWDQ]?( m|$)/,
  },
  string('STOS STOSB STOSW STOSD STOSQ', 3, 'RAX RDI', 'RDI'),
  string('LODS LODSB LODSW LODSD LODSQ', 3, 'RSI RAX', 'RSI RAX'),
  string('SCAS SCASB SCASW SCASD SCASQ', 3, 'RDI RAX', 'RDI'),
  {
    ...string('CMPS CMPSB CMPSW CMPSD CMPSQ', 5, 'RSI RDI', 'RSI RDI'),
    syntax: /^CMPS[BWDQ]?( m|$)/,
  },
];

const FLAGS: readonly TimingRow[] = [
  ui('CLC STC CMC', 'p0156', 1),
  ui('CLD', 'p15', 1, { slots: 3, reads: 'DF', writes: 'DF' }),
  ui('STD', 'p15', 1, { slots: 6, reads: 'DF', writes: 'DF' }),
];

export const SKYLAKE_INTEGER_ROWS: readonly TimingRow[] = [
  ...MOVES,
  ...ARITHMETIC,
  ...SHIFTS,
  ...BITS,
  ...CONTROL,
  ...STRINGS,
  ...FLAGS,
];
