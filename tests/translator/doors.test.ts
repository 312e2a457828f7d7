/**
 * Microcode doors in translated loops: system registers, the bases of FS and GS, frames, XLAT, RFLAGS.IF. In the last pass the door
 * faults, where it can. The interpreter is the expectation: tests/system and the recorded vectors hold it to the manual.
 */
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { HANDLERS, UNMAPPED } from '../instructions/guest-machine.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

const PASSES = 50n;
const INSTRUCTIONS_MAX = 10_000;
const CODE = 0x40_0000n;
const DATA = 0x20_0000n;
/** Each pass the data of the next one: RCX, RSI and RDI of the body. */
const TABLE = 0x10_0000n;
const RESULTS = 0x11_0000n;
const STACK = 0x30_0000n;

const FS_BASE = 0xc000_0100n;
const GS_BASE = 0xc000_0101n;
const KERNEL_GS_BASE = 0xc000_0102n;
const EFER = 0xc000_0080n;
const PAT = 0x277n;
const NO_MSR = 0x1234n;
const NOT_CANONICAL = 1n << 60n;

const loop = (body: string): string => `
  next:
    db 0x48
    mov ecx, [ebx]
    db 0x48
    mov esi, [ebx + 8]
    db 0x48
    mov edi, [ebx + 16]
    db 0x48
    add ebx, 24
    db 0x4c, 0x89, 0xfc         ; mov rsp, r15
    ${body}
    add [ebp], ecx
    db 0x48
    add [ebp + 8], eax
    xor [ebp + 16], edi
    xor [ebp + 24], esp
    db 0x49                     ; sub r13, 1
    sub ebp, 1
    jnz next
    hlt`;

/** EDX:EAX ← RSI */
const VALUE = 'mov eax, esi\ndb 0x48\nmov edx, esi\ndb 0x48\ndb 0xc1, 0xea, 32';
const FNINIT = 'db 0xdb, 0xe3';
/** A vector whose handler returns; where SYSCALL goes, and what it finds there. */
const RETURNING = 20;
const RETURNS = Uint8Array.of(0x01, 0xc8, 0x48, 0xcf); // add eax, ecx; iretq
const SYSTEM_CALL = 0x4150;
const GOES_BACK = Uint8Array.of(0xff, 0xe1); // jmp rcx
/** Behind the IRETQ of its case: the body begins 18 bytes behind the code's beginning. */
const BACK = CODE + 18n + 20n;
const SWAPGS = 'db 0x0f, 0x01, 0xf8';
const READS = 'add eax, [gs:edi]\nadd eax, [fs:edi + 4]';

type Row = readonly [rcx: bigint, rsi: bigint, rdi: bigint];

const CASES: readonly (readonly [
  told: string,
  body: string,
  row: (pass: bigint) => Row,
  last: Row,
])[] = [
  ['SWAPGS', `${SWAPGS}\n${READS}`, (pass) => [0n, 0n, DATA + pass], [0n, 0n, UNMAPPED]],
  [
    'WRMSR to the base of GS, RDMSR',
    `${VALUE}\nwrmsr\n${READS}\nrdmsr\nadd edi, edx`,
    (pass) => [pass % 2n === 0n ? FS_BASE : GS_BASE, 16n * pass, DATA],
    [GS_BASE, NOT_CANONICAL, DATA],
  ],
  [
    'WRMSR to the base that SWAPGS loads',
    `${VALUE}\nwrmsr\n${SWAPGS}\n${READS}`,
    (pass) => [KERNEL_GS_BASE, 8n * pass, DATA],
    [KERNEL_GS_BASE, NOT_CANONICAL, DATA],
  ],
  [
    'WRMSR to others',
    `rdmsr\nwrmsr`,
    (pass) => [pass % 2n === 0n ? EFER : PAT, 0n, 0n],
    [NO_MSR, 0n, 0n],
  ],
  ['RDMSR', 'rdmsr\nadd edi, edx', (pass) => [EFER + (pass % 4n), 0n, 0n], [NO_MSR, 0n, 0n]],
  [
    'MOV from control registers',
    'mov eax, cr0\nmov ecx, cr3\nadd eax, ecx\nmov ecx, cr4\nadd eax, ecx\nmov edi, cr2',
    (pass) => [pass, 0n, 0n],
    [0n, 0n, 0n],
  ],
  [
    'CPUID',
    'mov eax, esi\npush ebx\ncpuid\nadd ecx, ebx\npop ebx\nadd edi, edx',
    (pass) => [pass % 3n, pass, 0n],
    [0n, 0x8000_0008n, 0n],
  ],
  [
    'XLAT',
    'push ebx\ndb 0x48\nmov ebx, edi\nmov eax, ecx\ndb 0xd7\npop ebx',
    (pass) => [0x5a00n + 5n * pass, 0n, DATA],
    [0xffn, 0n, UNMAPPED - 0x10n],
  ],
  [
    'ENTER',
    'db 0x48\nmov esp, edi\npush ebp\ndb 0xc8, 0x23, 0x01, 0\ndb 0x48\nmov ecx, ebp\nleave\npop ebp',
    (pass) => [0n, 0n, STACK - 8n * pass],
    [0n, 0n, UNMAPPED + 0x100n],
  ],
  [
    'ENTER with a frame that reaches where nothing is',
    'push ebp\ndb 0xc8, 16, 0, 0\npush esi\nleave\npop ebp\ndb 0x48\nmov esp, edi\ndb 0xc8, 0x00, 0x20, 0',
    (pass) => [pass, 0n, STACK],
    [0n, 0n, 0x1_0000_0000_1000n],
  ],
  ['CLFLUSH', 'db 0x0f, 0xae, 0x3f', (pass) => [pass, 0n, DATA + pass], [0n, 0n, UNMAPPED]],
  [
    'CLI, STI, PUSHFQ',
    'cli\npushfd\npop eax\nsti\npushfd\npop ecx',
    () => [0n, 0n, 0n],
    [0n, 0n, 0n],
  ],
  [
    'RDTSC, of which the host has the time',
    'rdtsc\nadd edi, edx',
    (pass) => [pass, 0n, 0n],
    [0n, 0n, 0n],
  ],
  [
    'WRGSBASE, RDFSBASE',
    'db 0xf3, 0x48, 0x0f, 0xae, 0xde\nmov eax, [gs:edi]\ndb 0xf3, 0x48, 0x0f, 0xae, 0xc1',
    (pass) => [0n, 8n * pass, DATA],
    [0n, NOT_CANONICAL, DATA],
  ],
  [
    'INT and IRETQ',
    `db 0x48\nmov esp, edi\nint ${RETURNING}\npushfd\npop eax`,
    (pass) => [pass, pass, STACK - 8n * pass],
    [0n, 0n, UNMAPPED + 0x100n],
  ],
  [
    'IRETQ that sets TF',
    'mov eax, 16\npush eax\npush edi\npush ecx\nmov eax, 8\npush eax\nmov eax, esi\npush eax\ndb 0x48\niretd\nnop\nback:',
    (pass) => [pass % 2n === 0n ? 2n : 0x202n, BACK, STACK],
    [0x102n, BACK, STACK],
  ],
  [
    'SYSCALL',
    `mov ecx, 0xc0000082\nmov eax, ${SYSTEM_CALL}\nxor edx, edx\nwrmsr\ndb 0x0f, 0x05\ndb 0x44, 0x01, 0xd9`,
    (pass) => [0n, pass, 0n],
    [0n, 0n, 0n],
  ],
  [
    'FLD, FADD, FSTP, of which FNSTENV tells the addresses',
    `${FNINIT}\ndb 0xdd, 0x07\ndb 0xd9, 0xe8\ndb 0xde, 0xc1\ndb 0xdd, 0x1e\ndb 0xd9, 0x75, 0x40
    mov eax, [esi]\nadd eax, [ebp + 0x4c]\nadd eax, [ebp + 0x54]\nadd eax, [ebp + 0x44]`,
    (pass) => [pass, DATA + 0x800n + 8n * pass, DATA + 8n * pass],
    [0n, UNMAPPED, DATA],
  ],
  [
    'FLDCW, FSQRT that signals, FNSTSW, FWAIT',
    `${FNINIT}\nmov [edi], ecx\ndb 0xd9, 0x2f\ndb 0xd9, 0x06\ndb 0xd9, 0xfa\ndb 0xdd, 0x3f\ndb 0xd9, 0x1e\nmov eax, [edi]\ndb 0x9b`,
    (pass) => [0x37fn | ((pass % 4n) << 10n), DATA + 0x800n + pass, DATA],
    [0x340n, DATA + 0xffcn, DATA],
  ],
  [
    'FCOMI, FCMOVB, FNSTSW AX, FILD, FISTP',
    `${FNINIT}\ndb 0xdf, 0x2f\ndb 0xd9, 0xe8\ndb 0xdb, 0xf1\npushfd\npop ecx\ndb 0xda, 0xc1\ndb 0xdf, 0xe0\ndb 0xdf, 0x3e`,
    (pass) => [0n, DATA + 0x800n, DATA + 8n * pass],
    [0n, DATA, UNMAPPED - 4n],
  ],
  [
    'CMPXCHG16B',
    'push ebx\nmov eax, ecx\nmov edx, ecx\nmov ebx, esi\ndb 0x48, 0x0f, 0xc7, 0x0f\npop ebx\npushfd\npop ecx\nadd ecx, edx',
    (pass) => [pass % 3n, pass, DATA + 0x1000n + 16n * (pass % 2n)],
    [0n, 0n, DATA + 8n],
  ],
  [
    'LDMXCSR, STMXCSR',
    'mov [edi], ecx\ndb 0x0f, 0xae, 0x17\ndb 0x0f, 0xae, 0x1e\nmov eax, [esi]\ndb 0x8c, 0xd9',
    (pass) => [0x1f80n | pass, DATA + 0x800n, DATA],
    [0x1_0000n, DATA, DATA],
  ],
];

function outcome(
  threshold: number | null,
  slice: number,
  body: string,
  rows: readonly Row[],
): string {
  const tier = new TierMachine(threshold);
  const { machine } = tier;
  const { processor } = machine;
  machine.enter();
  const features = (1n << 16n) | (1n << 9n); // FSGSBASE, OSFXSR
  processor.setControlRegister('cr4', processor.controlRegister('cr4') | features);
  processor.setControlRegister('cr0', processor.controlRegister('cr0') | (1n << 5n)); // NE
  processor.setControlRegister('efer', processor.controlRegister('efer') | 1n); // SCE
  processor.write(HANDLERS + 16n * BigInt(RETURNING), RETURNS);
  processor.write(BigInt(SYSTEM_CALL), GOES_BACK);
  for (const name of ['fs', 'gs'] as const)
    processor.setSegment(name, { ...processor.segment(name), base: 0n });
  processor.write(
    DATA,
    Uint8Array.from({ length: 0x1000 }, (_, index) => (index * 7) & 0xff),
  );
  processor.fill(RESULTS, 0x1000n, 0n);
  const words = rows.flatMap((row) => [...row]);
  processor.write(TABLE, new Uint8Array(BigUint64Array.from(words).buffer));
  const { bytes } = assemble('test.asm', () => `bits 32\norg 0\n${loop(body)}\n`);
  const registers = { rbx: TABLE, rbp: RESULTS, r13: PASSES, r15: STACK, rax: 0n, rdx: 0n };
  tier.load(CODE, bytes, registers);
  const figures = tier.finish(slice, INSTRUCTIONS_MAX);
  if (threshold !== null) expect(tier.translator?.made ?? 0).toBeGreaterThan(0);
  return figures;
}

describe('a door in a translated loop', () => {
  it.each(CASES)('%s', (_, body, row, last) => {
    const rows = Array.from({ length: Number(PASSES) - 1 }, (__, pass) => row(BigInt(pass)));
    rows.push(last);
    const expected = outcome(null, 1_000_000, body, rows);
    expect(expected).toMatch(/^(Halt|Shutdown) \d{3,} /);
    for (const [threshold, slice] of TRANSLATING)
      expect(
        outcome(threshold, slice, body, rows),
        `threshold ${threshold}, runs of ${slice}`,
      ).toBe(expected);
  });
});
