/** Instructions as micro-ops: lowering by mode and addressing, and where blocks end. Expectations from isa/uop.ts and the SDM. */
import { describe, expect, it } from 'vitest';
import {
  BLOCK_INSTRUCTIONS_MAX,
  BLOCK_UOPS_MAX,
  MODE_KEY_LONG,
  MODE_KEY_REAL,
} from '../../emulator/isa/state-layout.js';
import { formByNumber } from '../../emulator/isa/instruction-set.js';
import { DecoderBench, hex } from './decoded-block.js';

const REAL = 0 | MODE_KEY_REAL;
const PROTECTED = 1;
const LONG = 2 | MODE_KEY_LONG;
const UD = '#0x6 extra 2147483648';
const GP = '#0xd';

const bench = new DecoderBench();

/** Micro-ops of the first instruction; what only ends the block is left out. */
function lowered(text: string, modeKey: number): readonly string[] {
  return bench.decode(hex(text), { modeKey }).lines.filter((line) => !line.startsWith('EndBlock'));
}

describe('64-bit mode', () => {
  it.each([
    ['add rax, rbx', '48 01 d8', ['Add64 rax rax rbx']],
    [
      'add [rax], rbx',
      '48 01 18',
      ['LoadForStore64 T0 rax zero', 'Add64 T0 T0 rbx', 'Store64 T0 rax zero'],
    ],
    [
      'lock add [rax], ebx',
      'f0 01 18',
      ['LoadForStore32 T0 rax zero LOCK', 'Add32 T0 T0 rbx LOCK', 'Store32 T0 rax zero LOCK'],
    ],
    ['add eax, [rbx+rcx*4+16]', '03 44 8b 10', ['Load32 T0 rbx rcx *4 #0x10', 'Add32 rax rax T0']],
    ['add rax, -1', '48 83 c0 ff', ['Add64 rax rax imm #-0x1']],
    ['mov rax, [rsp]', '48 8b 04 24', ['Load64 rax rsp zero']],
    ['mov [rdi-8], cl', '88 4f f8', ['Store8 rcx rdi zero #-0x8']],
    ['mov dword [rdi], -2', 'c7 07 fe ff ff ff', ['Mov32 T0 imm #-0x2', 'Store32 T0 rdi zero']],
    [
      'mov rax, 0x1122334455667788',
      '48 b8 88 77 66 55 44 33 22 11',
      ['Mov64 rax imm #0x1122334455667788'],
    ],
    ['mov r8b, ah is impossible: spl with REX', '41 88 e0', ['Mov8 r8 rsp']],
    ['mov al, ah', '88 e0', ['Mov8 rax rax.high']],
    ['mov eax, [rip+0x10]', '8b 05 10 00 00 00', ['Load32 rax zero zero #0x1016']],
    [
      'mov byte [rip+0], 1 counts the immediate',
      'c6 05 00 00 00 00 01',
      ['Mov8 T0 imm #0x1', 'Store8 T0 zero zero #0x1007'],
    ],
    ['mov eax, fs:[rax]', '64 8b 00', ['Ea64 T7 rax zero', 'LoadSegment32 rax T7 FS']],
    ['mov eax, ds:[rax] is flat', '3e 8b 00', ['Load32 rax rax zero']],
    ['mov eax, [eax]', '67 8b 00', ['Ea32 T7 rax zero', 'LoadSegment32 rax T7 DS']],
    [
      'mov rax, [0x1122334455667788]',
      '48 a1 88 77 66 55 44 33 22 11',
      ['Load64 rax zero zero #0x1122334455667788'],
    ],
    ['movzx eax, byte [rsi]', '0f b6 06', ['LoadZx8To32 rax rsi zero']],
    ['movzx rax, word [rsi]', '48 0f b7 06', ['LoadZx16To32 rax rsi zero']],
    ['movzx ax, byte [rsi]', '66 0f b6 06', ['Load8 T0 rsi zero', 'MovZx8To16 rax T0']],
    ['movsxd rax, ecx', '48 63 c1', ['MovSx32To64 rax rcx']],
    [
      'movsx rax, byte gs:[rsi]',
      '65 48 0f be 06',
      ['Ea64 T7 rsi zero', 'LoadSegment8 T6 T7 GS', 'MovSx8To64 rax T6'],
    ],
    ['lea rax, [rbx+rcx*8]', '48 8d 04 cb', ['Ea64 rax rbx rcx *8']],
    ['lea eax, [rbx+1]', '8d 43 01', ['Ea32 rax rbx zero #0x1']],
    ['lea ax, [rbx]', '66 8d 03', ['Ea64 T7 rbx zero', 'Mov16 rax T7']],
    ['lea rax, [ebx]', '67 48 8d 03', ['Ea32 rax rbx zero']],
    ['push rbx', '53', ['Push64Flat rbx']],
    ['push word', '66 53', ['Push16 rbx']],
    ['push -1', '6a ff', ['Push64Flat imm #-0x1']],
    ['push [rax]', 'ff 30', ['Load64 T0 rax zero', 'Push64Flat T0']],
    ['pop rsp', '5c', ['Pop64Flat rsp']],
    [
      'pop [rsp] addresses above the popped value',
      '8f 04 24',
      ['Peek64 T0', 'Store64 T0 rsp zero #0x8', 'Drop #0x8'],
    ],
    ['pop [rax]', '8f 00', ['Peek64 T0', 'Store64 T0 rax zero', 'Drop #0x8']],
    [
      'xchg [rdi], eax',
      '87 07',
      ['LoadForStore32 T0 rdi zero', 'Store32 rax rdi zero', 'Mov32 rax T0'],
    ],
    ['xchg r8d, eax', '41 90', ['Xchg32 r8 rax']],
    ['nop', '90', ['Nop']],
    ['endbr64', 'f3 0f 1e fa', ['Nop']],
    ['pause', 'f3 90', ['Microcode Pause #0x0'.replace(' #0x0', '')]],
    ['bsf eax, ecx', '0f bc c1', ['Bsf32 rax rcx']],
    ['bsf with F2', 'f2 0f bc c1', ['Bsf32 rax rcx']],
    ['tzcnt rax, rcx', 'f3 48 0f bc c1', ['Tzcnt64 rax rcx']],
    ['popcnt ax, cx', '66 f3 0f b8 c1', ['Popcnt16 rax rcx']],
    ['crc32 eax, cx', '66 f2 0f 38 f1 c1', ['Crc32With16 rax rcx']],
    ['adcx with 66', '66 0f 38 f6 c1', ['Adcx32 rax rax rcx']],
    ['shl ecx, cl', 'd3 e1', ['Shl32 rcx rcx rcx']],
    ['shl ecx, 1', 'd1 e1', ['Shl32 rcx rcx imm #0x1']],
    ['shld eax, ecx, 7', '0f a4 c8 07', ['Shld32 rax rax rcx #0x7 extra imm']],
    ['shld eax, ecx, cl', '0f a5 c8', ['Shld32 rax rax rcx extra rcx']],
    ['imul eax, [rbx], 3', '6b 03 03', ['Load32 T0 rbx zero', 'ImulTwo32 rax T0 imm #0x3']],
    [
      'bt [rdi], eax',
      '0f a3 07',
      ['Ea64 T7 rdi zero', 'BitStringAddress32 T7 T7 rax', 'Load32 T0 T7 zero', 'Bt32 T0 rax'],
    ],
    [
      'bt [edi], eax',
      '67 0f a3 07',
      [
        'Ea32 T7 rdi zero',
        'BitStringAddress32 T7 T7 rax',
        'Ea32 T7 T7 zero',
        'LoadSegment32 T0 T7 DS',
        'Bt32 T0 rax',
      ],
    ],
    [
      'bts qword [rdi], 63',
      '48 0f ba 2f 3f',
      ['LoadForStore64 T0 rdi zero', 'Bts64 T0 T0 imm #0x3f', 'Store64 T0 rdi zero'],
    ],
    [
      'xadd [rdi], eax',
      '0f c1 07',
      ['LoadForStore32 T0 rdi zero', 'Add32 T1 T0 rax', 'Store32 T1 rdi zero', 'Mov32 rax T0'],
    ],
    ['cmovb eax, [rdi]', '0f 42 07', ['Load32 T0 rdi zero', 'Cmov32 rax T0 extra 2']],
    ['setg [rdi]', '0f 9f 07', ['Setcc8 T0 extra 15', 'Store8 T0 rdi zero']],
    [
      'movbe ax, [rdi]',
      '66 0f 38 f0 07',
      ['Load16 T0 rdi zero', 'Bswap32 T1 T0', 'Rorx32 T1 T1 imm #0x10', 'Mov16 rax T1'],
    ],
    ['mulx rax, rcx, rdx', 'c4 e2 f3 f6 c2', ['Mulx64 rax rdx extra rcx']],
    ['andn eax, ebx, [rdi]', 'c4 e2 60 f2 07', ['Load32 T0 rdi zero', 'Andn32 rax rbx T0']],
    [
      'lock cmpxchg [rax], ecx: the accumulator is the base',
      'f0 0f b1 08',
      [
        'Ea64 T2 rax zero LOCK',
        'LoadForStore32 T0 rax zero LOCK',
        'CmpXchg32 T0 T0 rcx LOCK',
        'Store32 T0 T2 zero LOCK',
      ],
    ],
    [
      'cmpxchg16b [rdi]',
      '48 0f c7 0f',
      ['Ea64 T7 rdi zero', 'Microcode CmpXchgDouble T7 #0x800003'],
    ],
    ['lodsb fs:[esi]', '64 67 ac', ['Microcode String #0x1403']],
    ['rep stosq', 'f3 48 ab', ['MicrocodeEnd String #0x2372']],
    ['repne scasb', 'f2 ae', ['MicrocodeEnd String #0x2384']],
    ['F2 repeats MOVS as REP does', 'f2 a4', ['MicrocodeEnd String #0x2340']],
    ['enter 16, 1', 'c8 10 00 01', ['Microcode Enter #0x40010010']],
    ['in al, 0x80', 'e4 80', ['Mov32 T0 imm #0x80', 'MicrocodeEnd In rax T0 #0x8']],
    ['out dx, eax', 'ef', ['MicrocodeEnd Out rdx rax #0x20']],
    ['mov cr8, rax', '44 0f 22 c0', ['MicrocodeEnd WriteControlRegister rax #0x8']],
    ['lgdt [rax]', '0f 01 10', ['Ea64 T7 rax zero', 'MicrocodeEnd Lgdt T7 #0x400003']],
    ['push fs', '0f a0', ['Microcode StoreSegmentRegister T0 #0x4', 'Push64Flat T0']],
    ['wrfsbase ecx', 'f3 0f ae d1', ['MicrocodeEnd WriteSegmentBase rcx #0x200004']],
    ['jmp rel8', 'eb fe', ['Jmp #0x1000']],
    ['je rel32', '0f 84 00 00 00 80', ['Jcc #-0x7fffeffa extra 4']],
    ['je rel8 with 66 (Intel ignores it)', '66 74 00', ['Jcc #0x1003 extra 4']],
    ['call rel32', 'e8 00 00 00 00', ['CallFlat #0x1005']],
    ['call [rbp+8]', 'ff 55 08', ['Load64 T0 rbp zero #0x8', 'CallIndirectFlat T0']],
    ['jmp rax', 'ff e0', ['JmpIndirect rax']],
    ['ret 8', 'c2 08 00', ['RetFlat #0x8']],
    ['loop', 'e2 fe', ['Loop #0x1000 extra 64']],
    ['jecxz', '67 e3 00', ['Jcxz #0x1003 extra 32']],
    ['iretq', '48 cf', ['MicrocodeEnd Iret #0x40']],
    ['retf 4', 'ca 04 00', ['MicrocodeEnd RetFar #0x40020']],
    [
      'jmp far [rdi]',
      'ff 2f',
      ['Load32 T0 rdi zero', 'LoadZx16To32 T1 rdi zero #0x4', 'MicrocodeEnd JmpFar T0 T1 #0x20'],
    ],
    ['int 0x80', 'cd 80', ['MicrocodeEnd Int #0x80']],
    ['ud2', '0f 0b', [`Raise ${UD}`]],
    ['gf2p8mulb xmm0, xmm1', '66 0f 38 cf c1', ['Unimplemented']],
    ['addsd xmm0, xmm1', 'f2 0f 58 c1', ['RequireSse', 'Addsd xmm0 xmm0 xmm1']],
    [
      'addps xmm9, [rbx]',
      '44 0f 58 0b',
      ['RequireSse', 'LoadAligned128 V0 rbx zero', 'Addps xmm9 xmm9 V0'],
    ],
    ['movups [rbx], xmm1', '0f 11 0b', ['RequireSse', 'Store128 xmm1 rbx zero']],
    ['movhps xmm1, [rbx]', '0f 16 0b', ['RequireSse', 'Load64 xmm1.high rbx zero']],
    ['cvttsd2si rax, xmm1', 'f2 48 0f 2c c1', ['RequireSse', 'Cvttsd2si64 rax xmm1']],
    ['vaddpd of 256 bits', 'c5 f5 58 c2', ['RequireAvx', 'Addpd xmm0 xmm1 xmm2 extra 256']],
    ['vaddpd of 128 bits', 'c5 f1 58 c2', ['RequireAvx', 'Addpd xmm0 xmm1 xmm2', 'ZeroUpper xmm0']],
    ['an instruction of AVX-512', '62 f1 7c 48 58 c2', ['Unimplemented']],
    ['lock on a register', 'f0 01 d8', [`Raise ${UD}`]],
    ['lock on a comparison', 'f0 39 18', [`Raise ${UD}`]],
    ['les is gone', '06', [`Raise ${UD}`]],
    ['mov cs, ax', '8e c8', [`Raise ${UD}`]],
    ['mov rax, cr1', '0f 20 c8', [`Raise ${UD}`]],
    ['BMI with VEX.L = 1', 'c4 e2 fc f2 c1', [`Raise ${UD}`]],
    ['VEX behind 66', '66 c4 e2 f8 f2 c1', [`Raise ${UD}`]],
    ['16 bytes', '66 66 66 66 66 66 66 66 66 66 66 66 66 66 01 d8', [`Raise ${GP}`]],
  ])('lowers %s (%s)', (_, bytes, expected) => {
    expect(lowered(bytes, LONG)).toEqual(expected);
  });
});

describe('16- and 32-bit code', () => {
  it.each([
    ['mov ax, [bx+si-1]', REAL, '8b 40 ff', ['Ea16 T7 rbx rsi #-0x1', 'LoadSegment16 rax T7 DS']],
    ['mov ax, [bp]', REAL, '8b 46 00', ['Ea16 T7 rbp zero', 'LoadSegment16 rax T7 SS']],
    [
      'mov ax, [0x1234]',
      REAL,
      '8b 06 34 12',
      ['Ea16 T7 zero zero #0x1234', 'LoadSegment16 rax T7 DS'],
    ],
    [
      'mov eax, es:[esp]',
      PROTECTED,
      '26 8b 04 24',
      ['Ea32 T7 rsp zero', 'LoadSegment32 rax T7 ES'],
    ],
    [
      'mov eax, [esp] in real mode',
      REAL,
      '66 67 8b 04 24',
      ['Ea32 T7 rsp zero', 'LoadSegment32 rax T7 SS'],
    ],
    [
      'add [ebx], al',
      PROTECTED,
      '00 03',
      [
        'Ea32 T7 rbx zero',
        'LoadSegmentForStore8 T0 T7 DS',
        'Add8 T0 T0 rax',
        'StoreSegment8 T0 T7 DS',
      ],
    ],
    ['push eax', PROTECTED, '50', ['Push32 rax']],
    [
      'pop [esp+4]',
      PROTECTED,
      '8f 44 24 04',
      ['Peek32 T0', 'Ea32 T7 rsp zero #0x8', 'StoreSegment32 T0 T7 SS', 'Drop #0x4'],
    ],
    ['inc eax', PROTECTED, '40', ['Inc32 rax rax']],
    ['call rel16', REAL, 'e8 00 00', ['CallNear #0x1003 extra 16 CHECK_LIMIT']],
    ['jmp rel16 wraps at 64 KiB', REAL, 'e9 00 f0', ['Jmp #0x3 CHECK_LIMIT']],
    ['jmp rel32', PROTECTED, 'e9 fb ef ff ff', ['Jmp CHECK_LIMIT']],
    ['jmp eax', PROTECTED, 'ff e0', ['Mov32 T1 rax', 'JmpIndirect T1']],
    [
      'call [ebp+8]',
      PROTECTED,
      'ff 55 08',
      [
        'Ea32 T7 rbp zero #0x8',
        'LoadSegment32 T0 T7 SS',
        'Mov32 T1 T0',
        'CallIndirectNear T1 extra 32',
      ],
    ],
    [
      'jmp f000:e05b',
      REAL,
      'ea 5b e0 00 f0',
      ['Mov64 T0 imm #0xe05b', 'Mov64 T1 imm #0xf000', 'MicrocodeEnd JmpFar T0 T1 #0x10'],
    ],
    [
      'jmp 8:100000 with 66',
      REAL,
      '66 ea 00 00 10 00 08 00',
      ['Mov64 T0 imm #0x100000', 'Mov64 T1 imm #0x8', 'MicrocodeEnd JmpFar T0 T1 #0x20'],
    ],
    [
      'jmp far [edi]',
      PROTECTED,
      'ff 2f',
      [
        'Ea32 T7 rdi zero',
        'LoadSegment32 T0 T7 DS',
        'Ea32 T7 rdi zero #0x4',
        'LoadSegment16 T6 T7 DS',
        'MovZx16To32 T1 T6',
        'MicrocodeEnd JmpFar T0 T1 #0x20',
      ],
    ],
    ['mov ds, ax', PROTECTED, '8e d8', ['MicrocodeEnd LoadSegmentRegister rax #0x3']],
    [
      'mov [bx], ds',
      REAL,
      '8c 1f',
      [
        'Microcode StoreSegmentRegister T1 #0x3',
        'Mov16 T0 T1',
        'Ea16 T7 rbx zero',
        'StoreSegment16 T0 T7 DS',
      ],
    ],
    ['mov cr0, eax', REAL, '0f 22 c0', ['Mov32 T1 rax', 'MicrocodeEnd WriteControlRegister T1']],
    [
      'lss esp, [bx]',
      REAL,
      '66 0f b2 27',
      ['Ea16 T7 rbx zero', 'MicrocodeEnd LoadFarPointer rsp T7 #0x200203'],
    ],
    ['movsw', REAL, 'a5', ['Microcode String #0x310']],
    ['rep movsd with 66 67', REAL, 'f3 66 67 a5', ['MicrocodeEnd String #0x1360']],
    ['pushf', REAL, '9c', ['Microcode Pushf #0x10']],
    ['ret', PROTECTED, 'c3', ['RetNear extra 32']],
    [
      'les eax, [ecx]',
      PROTECTED,
      'c4 01',
      ['Ea32 T7 rcx zero', 'MicrocodeEnd LoadFarPointer rax T7 #0x200003'],
    ],
    ['andn in protected mode', PROTECTED, 'c4 e2 70 f2 c2', ['Andn32 rax rcx rdx']],
    ['andn in real mode', REAL, 'c4 e2 70 f2 c2', [`Raise ${UD}`]],
    ['lldt in real mode', REAL, '0f 00 d0', [`Raise ${UD}`]],
    ['lldt', PROTECTED, '0f 00 d0', ['MicrocodeEnd Lldt rax']],
    ['sldt in real mode', REAL, '0f 00 c0', [`Raise ${UD}`]],
    ['syscall outside 64-bit mode', PROTECTED, '0f 05', [`Raise ${UD}`]],
    ['xlat', REAL, 'd7', ['Microcode Xlat #0x100003']],
  ])('lowers %s (mode key %i, %s)', (_, modeKey, bytes, expected) => {
    expect(lowered(bytes, modeKey)).toEqual(expected);
  });
});

describe('blocks', () => {
  it('ends at a branch and numbers instructions, offsets and forms', () => {
    const block = bench.decode(hex('48 01 18 90 eb fb 90'), { modeKey: LONG });
    expect(block.lines).toEqual([
      'LoadForStore64 T0 rax zero',
      'Add64 T0 T0 rbx',
      'Store64 T0 rax zero',
      'Nop',
      'Jmp #0x1001',
    ]);
    expect(block.places).toEqual(['0: 0+3', '0: 0+3', '0: 0+3', '1: 3+1', '2: 4+2']);
    expect(block).toMatchObject({ instructions: 3, lengthBytes: 6, sizeBytes: 256 });
    const forms = block.formNumbers.map(
      (word) => `${formByNumber(word & 0xff_ffff)?.syntax ?? '?'}, ${word >>> 24} bytes`,
    );
    expect(forms).toEqual(['ADD r/m64, r64, 3 bytes', 'NOP, 1 bytes', 'JMP rel8, 2 bytes']);
  });

  it('falls through before an instruction that runs past the bytes there are', () => {
    const block = bench.decode(hex('90 48 8b'), { modeKey: LONG });
    expect(block.lines).toEqual(['Nop', 'EndBlock']);
    expect(block.places).toEqual(['0: 0+1', '1: 1+0']);
    expect(block).toMatchObject({ instructions: 1, lengthBytes: 1 });
  });

  it('falls through at the exact end of the bytes', () => {
    expect(bench.decode(hex('90 90'), { modeKey: LONG }).lines).toEqual(['Nop', 'Nop', 'EndBlock']);
  });

  it('returns 0 when the first instruction runs past the bytes', () => {
    expect(bench.decode(hex('48 8b'), { modeKey: LONG }).sizeBytes).toBe(0);
  });

  it('decodes one instruction from a crossing window', () => {
    const block = bench.decode(hex('48 8b 00 90 90 90 90 90 90 90 90 90 90 90 90 90'), {
      modeKey: LONG,
      crossing: true,
    });
    expect(block.lines).toEqual(['Load64 rax rax zero', 'EndBlock']);
    expect(block).toMatchObject({ instructions: 1, lengthBytes: 3 });
  });

  it(`holds at most ${BLOCK_INSTRUCTIONS_MAX} instructions and ${BLOCK_UOPS_MAX} micro-ops`, () => {
    const nops = bench.decode(new Array<number>(100).fill(0x90), { modeKey: LONG });
    expect(nops.instructions).toBe(BLOCK_INSTRUCTIONS_MAX);
    const long = bench.decode(Array.from({ length: 40 }, () => hex('64 0f c1 07')).flat(), {
      modeKey: LONG,
    });
    expect(long.lines.length).toBeLessThanOrEqual(BLOCK_UOPS_MAX);
    expect(long.lines.at(-1)).toBe('EndBlock');
  });

  it('adds targets and RIP-relative displacements in 64 bits, over the 32-bit boundary', () => {
    const rip = 0xffff_ffff_ffff_fff0n;
    expect(bench.decode(hex('eb 20'), { modeKey: LONG, rip }).lines).toEqual(['Jmp #0x12']);
    expect(
      bench.decode(hex('8b 05 00 00 00 80 c3'), { modeKey: LONG, rip: 0x7fff_fff0n }).lines[0],
    ).toBe('Load32 rax zero zero #-0xa');
    expect(bench.decode(hex('eb fe'), { modeKey: LONG, rip: 0x1_0000_0000n }).lines).toEqual([
      'Jmp #0x100000000',
    ]);
  });

  it('follows the memory when it grows', () => {
    const grown = new DecoderBench();
    expect(grown.decode(hex('90'), { modeKey: LONG }).lines).toEqual(['Nop', 'EndBlock']);
    grown.grow();
    expect(grown.decode(hex('f4'), { modeKey: LONG }).lines).toEqual(['MicrocodeEnd Hlt']);
  });
});
