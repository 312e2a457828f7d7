/**
 * Where instructions exist: the columns "64-Bit Mode" and "Compat/Leg Mode" of the SDM's instruction pages (Vol. 2), and
 * the exceptions each page lists for real-address mode. Written from those pages, not from the forms.
 */
import { describe, expect, it } from 'vitest';
import {
  DecodeStatus,
  InstructionDecoder,
} from '../../emulator/cpu/decoder/instruction-decoder.js';
import { MODE_KEY_LONG, MODE_KEY_REAL, MODE_KEY_V86 } from '../../emulator/isa/state-layout.js';
import { hex } from './decoded-block.js';

const MODES = {
  real: 0 | MODE_KEY_REAL,
  'virtual-8086': 0 | MODE_KEY_REAL | MODE_KEY_V86,
  'protected, 16-bit': 0,
  'protected, 32-bit': 1,
  compatibility: 1 | MODE_KEY_LONG,
  '64-bit': 2 | MODE_KEY_LONG,
} as const;
type Mode = keyof typeof MODES;

const EVERYWHERE = Object.keys(MODES) as Mode[];
const LEGACY = EVERYWHERE.filter((mode) => mode !== '64-bit');
const PROTECTED = EVERYWHERE.filter((mode) => mode !== 'real' && mode !== 'virtual-8086');
const ONLY_64: Mode[] = ['64-bit'];
const NOWHERE: Mode[] = [];

const decoder = new InstructionDecoder();

function modesOf(bytes: string): Mode[] {
  // Behind the instruction, bytes that complete any immediate or displacement.
  const string = Uint8Array.from([...hex(bytes), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  return EVERYWHERE.filter(
    (mode) => decoder.decode(string, 0, string.length, MODES[mode]) === DecodeStatus.Complete,
  );
}

describe('an opcode is defined where the SDM says', () => {
  it.each<[name: string, bytes: string, modes: readonly Mode[]]>([
    ['AAA', '37', LEGACY],
    ['AAD imm8', 'd5 0a', LEGACY],
    ['AAM imm8', 'd4 0a', LEGACY],
    ['AAS', '3f', LEGACY],
    ['DAA', '27', LEGACY],
    ['DAS', '2f', LEGACY],
    ['ARPL (MOVSXD in 64-bit mode)', '63 c0', PROTECTED],
    ['BOUND (EVEX in 64-bit mode)', '62 00', EVERYWHERE],
    ['CALL ptr16:16', '9a', LEGACY],
    ['JMP ptr16:16', 'ea', LEGACY],
    ['INTO', 'ce', LEGACY],
    ['LDS (VEX in 64-bit mode)', 'c5 00', LEGACY],
    ['LES (VEX in 64-bit mode)', 'c4 00', LEGACY],
    ['PUSHA', '60', LEGACY],
    ['POPA', '61', LEGACY],
    ['PUSH ES', '06', LEGACY],
    ['PUSH CS', '0e', LEGACY],
    ['PUSH SS', '16', LEGACY],
    ['PUSH DS', '1e', LEGACY],
    ['POP ES', '07', LEGACY],
    ['POP SS', '17', LEGACY],
    ['POP DS', '1f', LEGACY],
    ['82 /0', '82 c0', LEGACY],
    ['SALC', 'd6', LEGACY],
    ['PUSH FS', '0f a0', EVERYWHERE],
    ['POP GS', '0f a9', EVERYWHERE],
    ['LSS', '0f b2 00', EVERYWHERE],
    ['LAHF', '9f', EVERYWHERE],
    ['CMPXCHG8B', '0f c7 08', EVERYWHERE],
    ['RDTSC', '0f 31', EVERYWHERE],
    ['RDTSCP', '0f 01 f9', EVERYWHERE],
    ['CPUID', '0f a2', EVERYWHERE],
    ['SGDT', '0f 01 00', EVERYWHERE],
    ['LGDT', '0f 01 10', EVERYWHERE],
    ['SMSW', '0f 01 e0', EVERYWHERE],
    ['LMSW', '0f 01 f0', EVERYWHERE],
    ['CLTS', '0f 06', EVERYWHERE],
    ['INVLPG', '0f 01 38', EVERYWHERE],
    ['HLT', 'f4', EVERYWHERE],
    ['MOV CR0', '0f 22 c0', EVERYWHERE],
    ['SYSENTER (the door refuses real-address mode)', '0f 34', EVERYWHERE],
    ['SLDT', '0f 00 c0', PROTECTED],
    ['STR', '0f 00 c8', PROTECTED],
    ['LLDT', '0f 00 d0', PROTECTED],
    ['LTR', '0f 00 d8', PROTECTED],
    ['VERR', '0f 00 e0', PROTECTED],
    ['VERW', '0f 00 e8', PROTECTED],
    ['LAR', '0f 02 c0', PROTECTED],
    ['LSL', '0f 03 c0', PROTECTED],
    ['ANDN (VEX)', 'c4 e2 78 f2 c0', PROTECTED],
    ['VADDPS (VEX)', 'c5 f8 58 c0', PROTECTED],
    ['VADDPS with 66', '66 c5 f8 58 c0', NOWHERE],
    ['VADDPS with F3', 'f3 c5 f8 58 c0', NOWHERE],
    ['VADDPS with LOCK', 'f0 c5 f8 58 00', NOWHERE],
    ['VADDPS with REX, which is DEC of its own elsewhere', '48 c5 f8 58 c0', LEGACY],
    ['VPERMD of 128 bits', 'c4 e2 79 36 c0', NOWHERE],
    ['VPERMD with VEX.W', 'c4 e2 fd 36 c0', NOWHERE],
    ['VMOVD with VEX.W (VMOVQ in 64-bit mode)', 'c4 e1 f9 6e c0', PROTECTED],
    [
      'VPCMPESTRM with VEX.W, which outside 64-bit mode makes no difference',
      'c4 e3 f9 60 c1 00',
      PROTECTED,
    ],
    ['VPCMPESTRI with VEX.W', 'c4 e3 f9 61 c1 00', PROTECTED],
    ['VSQRTPS with VEX.vvvv', 'c5 f0 51 c0', NOWHERE],
    ['VGATHERDPS', 'c4 e2 69 92 04 08', PROTECTED.filter((mode) => !mode.includes('16'))],
    ['VGATHERDPS without SIB', 'c4 e2 69 92 00', NOWHERE],
    ['VGATHERDPS with one register for mask and destination', 'c4 e2 79 92 04 08', NOWHERE],
    ['VGATHERDPS with one register for index and mask', 'c4 e2 71 92 04 08', NOWHERE],
    ['SYSCALL', '0f 05', ONLY_64],
    ['SYSRET', '0f 07', ONLY_64],
    ['SWAPGS', '0f 01 f8', ONLY_64],
    ['RDFSBASE', 'f3 0f ae c0', ONLY_64],
    ['WRGSBASE', 'f3 0f ae d8', ONLY_64],
    ['CALL r/m16 with 66 is CALL r/m64 in 64-bit mode', '66 ff d0', EVERYWHERE],
    ['0F 04', '0f 04', NOWHERE],
    ['0F 0A', '0f 0a', NOWHERE],
    ['0F 24 (test registers)', '0f 24 c0', NOWHERE],
    ['FE /2', 'fe d0', NOWHERE],
    ['FF /7', 'ff f8', NOWHERE],
    ['8F /1', '8f c8', NOWHERE],
    ['C6 /1', 'c6 c8', NOWHERE],
    ['LEA with a register', '8d c0', NOWHERE],
    ['CMPXCHG8B with a register', '0f c7 c8', NOWHERE],
    ['MOV CS, AX', '8e c8', NOWHERE],
    ['MOV segment 6', '8e f0', NOWHERE],
    ['MOV from CR1', '0f 20 c8', NOWHERE],
    ['MOV from CR7', '0f 20 f8', NOWHERE],
    ['NP with 66: FXSAVE', '66 0f ae 00', NOWHERE],
    ['MOVBE with F3', 'f3 0f 38 f0 00', NOWHERE],
  ])('%s (%s)', (_, bytes, modes) => {
    expect(modesOf(bytes)).toEqual(modes);
  });
});

describe('LOCK', () => {
  it.each(
    [
      'add',
      '01',
      'or',
      '09',
      'adc',
      '11',
      'sbb',
      '19',
      'and',
      '21',
      'sub',
      '29',
      'xor',
      '31',
      'xchg',
      '87',
      'xadd',
      '0f c1',
      'cmpxchg',
      '0f b1',
      'bts',
      '0f ab',
      'btr',
      '0f b3',
      'btc',
      '0f bb',
    ].flatMap((text, i, all) => (i % 2 === 0 ? [[text, all[i + 1] ?? '']] : [])),
  )('is allowed on %s (%s) with its destination in memory, and nowhere else', (_, opcode) => {
    expect(modesOf(`f0 ${opcode} 08`)).toEqual(EVERYWHERE);
    expect(modesOf(`f0 ${opcode} c8`)).toEqual(NOWHERE);
  });

  it.each([
    ['inc, dec', 'f0 ff 00', 'f0 ff 08', 'f0 ff c0'],
    ['not, neg', 'f0 f7 10', 'f0 f7 18', 'f0 f7 d0'],
  ])('is allowed on %s in memory only', (_, first, second, register) => {
    expect([modesOf(first), modesOf(second), modesOf(register)]).toEqual([
      EVERYWHERE,
      EVERYWHERE,
      NOWHERE,
    ]);
  });

  it.each([
    'f0 39 08',
    'f0 85 08',
    'f0 89 08',
    'f0 8b 08',
    'f0 03 08',
    'f0 0f a3 08',
    'f0 f7 20',
    'f0 ff 30',
    'f0 90',
    'f0 a4',
  ])('is #UD on %s', (bytes) => {
    expect(modesOf(bytes)).toEqual(NOWHERE);
  });
});

describe('the 15-byte limit', () => {
  it.each([
    ['15 bytes', 13, DecodeStatus.Complete],
    ['16 bytes', 14, DecodeStatus.TooLong],
  ])('%s of prefixes and instruction', (_, prefixes, status) => {
    const bytes = Uint8Array.from([
      ...new Array<number>(prefixes).fill(0x66),
      0x01,
      0xd8,
      0x90,
      0x90,
    ]);
    expect(decoder.decode(bytes, 0, bytes.length, MODES['64-bit'])).toBe(status);
  });

  it('counts displacement and immediate', () => {
    const bytes = Uint8Array.from([
      ...new Array<number>(5).fill(0x66),
      ...hex('81 84 24 00 00 00 00 00 00 00 00'),
    ]);
    const plain = bytes.subarray(5);
    expect(decoder.decode(plain, 0, plain.length, MODES['64-bit'])).toBe(DecodeStatus.Complete);
    expect(decoder.decode(bytes, 0, bytes.length, MODES['protected, 32-bit'])).toBe(
      DecodeStatus.Complete,
    );
    expect(decoder.length).toBe(14);
    const longer = Uint8Array.from([...new Array<number>(5).fill(0x2e), ...bytes.subarray(5)]);
    expect(decoder.decode(longer, 0, longer.length, MODES['64-bit'])).toBe(DecodeStatus.TooLong);
  });

  it('is not reached by bytes that are not there', () => {
    const bytes = new Uint8Array(14).fill(0x66);
    expect(decoder.decode(bytes, 0, bytes.length, MODES['64-bit'])).toBe(DecodeStatus.Incomplete);
  });
});
