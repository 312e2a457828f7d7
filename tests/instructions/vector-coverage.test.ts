/** What the vectors cover: every form of 64-bit mode and every micro-operation, or a reason why not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { VectorCoverage } from './vector-coverage.js';
import { openVectorFile, VECTOR_FILES } from './vector-file.js';

const README = new URL('../vectors/README.md', import.meta.url);
const BEGIN = '<!-- coverage:begin -->\n';
const END = '<!-- coverage:end -->';

/** Forms without a vector, by group or by syntax. */
const FORM_REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^Not Implemented: /, 'no recipe: the run stops and names the instruction'],
  [/^State Management: /, 'whole images, whose fields are the host’s business; tests/instructions'],
  [/: V?(RCP|RSQRT)[PS]S /, 'approximations: the error bound is tested in tests/instructions'],
  [
    /: (JMP|CALL|LSS|LFS|LGS)( r64,)? m16:64$/,
    'AMD processors know no far pointer with a 64-bit offset',
  ],
  [/: IRET$/, '16-bit IP: the recorder has no code below 64 KiB'],
  [/: (INT3|INT1)$/, 'traps, and the way in which the recorder gets control back'],
  [
    /: (CPUID|RDTSCP?|RDPMC|RDRAND .*|RDSEED .*|RDPID .*)$/,
    'the answer is the machine’s, not the instruction’s',
  ],
  [/: (SGDT|SIDT|SLDT|STR|SMSW) /, 'UMIP: the host’s kernel emulates them for programs'],
  [/: (SYSCALL|SYSENTER)$/, 'enters the host’s kernel; tests/system'],
  [/: SYSEXITQ?$/, 'AMD processors have none in 64-bit mode'],
  [
    /: (RDFSBASE|WRFSBASE|WRGSBASE) /,
    'the recorder’s own program needs its FS, and its GS from case to case',
  ],
  [/: (XGETBV|XSETBV)$/, 'which components there are is the machine’s affair; tests/instructions'],
  [
    /: (VMCALL|VMFUNC|VMPTRLD .*|VMCLEAR .*|VMXON .*|VMPTRST .*)$/,
    'the recording machine is a guest of a hypervisor',
  ],
];

/** Micro-operations without a vector. */
const OP_REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(Stop|Unimplemented)$/, 'end of a run, not an instruction’s work'],
  [/^(Rcp|Rsqrt)[ps]s$/, 'approximations: the error bound is tested in tests/instructions'],
  [
    /^(Ea16|Salc|Push32|Push64|Pop32|Pop64|Peek32|CallNear|CallIndirectNear|RetNear)$/,
    'not used in 64-bit mode',
  ],
];

const coverage = new VectorCoverage();
const files: { name: string; instructions: number; cases: number }[] = [];
for (const name of VECTOR_FILES) {
  let cases = 0;
  const file = openVectorFile(name);
  for (const { bytes, caseCount } of file.listInstructions()) {
    coverage.add(bytes, caseCount);
    cases += caseCount;
  }
  files.push({ name, instructions: file.instructionCount, cases });
}
const missingForms = coverage.missingForms().map(({ group, syntax }) => `${group}: ${syntax}`);
const missingOps = coverage.missingOps();

const unexplained = (names: readonly string[], reasons: typeof FORM_REASONS): string[] =>
  names.filter((name) => !reasons.some(([pattern]) => pattern.test(name)));
const stale = (names: readonly string[], reasons: typeof FORM_REASONS): string[] =>
  reasons
    .filter(([pattern]) => !names.some((name) => pattern.test(name)))
    .map(([, reason]) => reason);

function reasonRows(names: readonly string[], reasons: typeof FORM_REASONS): string[] {
  return reasons.map(([pattern, reason]) => {
    const matching = names.filter((name) => pattern.test(name));
    const short = matching.map((name) => name.replace(/^.*?: /, ''));
    return `| ${matching.length > 20 ? `${matching.length} forms` : short.join('; ')} | ${reason} |`;
  });
}

function coverageText(): string {
  const instructions = files.reduce((sum, file) => sum + file.instructions, 0);
  const cases = files.reduce((sum, file) => sum + file.cases, 0);
  const lines = [
    '| file | instructions | cases |',
    '|---|---|---|',
    ...files.map((file) => `| ${file.name} | ${file.instructions} | ${file.cases} |`),
    `| together | ${instructions} | ${cases} |`,
    '',
    '| form without a vector | why |',
    '|---|---|',
    ...reasonRows(missingForms, FORM_REASONS),
    '',
    '| micro-operation without a vector | why |',
    '|---|---|',
    ...reasonRows(missingOps, OP_REASONS),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

describe('coverage of the vectors', () => {
  it('every form that 64-bit mode has is recorded, or listed with a reason', () => {
    expect(unexplained(missingForms, FORM_REASONS)).toEqual([]);
    expect(stale(missingForms, FORM_REASONS)).toEqual([]);
  });

  it('every micro-operation is used by a recorded instruction, or listed with a reason', () => {
    expect(unexplained(missingOps, OP_REASONS)).toEqual([]);
    expect(stale(missingOps, OP_REASONS)).toEqual([]);
  });

  it('the tables in tests/vectors/README.md are these', () => {
    const text = readFileSync(README, 'utf8');
    const [head = '', rest = ''] = text.split(BEGIN);
    const [present, tail = ''] = rest.split(END);
    const expected = coverageText();
    if (env['UPDATE_GOLDEN'] === '1') {
      writeFileSync(README, `${head}${BEGIN}${expected}${END}${tail}`);
      return;
    }
    expect(present).toBe(expected);
  });
});
