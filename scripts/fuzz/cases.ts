/**
 * One case: an environment that works (descriptor tables, handlers, page tables, stacks), damaged at random, and random
 * code. Everything follows from the seed.
 */
import type { Processor } from '../../emulator/cpu/processor.js';
import { GENERAL_REGISTERS, type SegmentName } from '../../emulator/cpu/register-slots.js';
import { XCR0 } from '../../emulator/isa/state-layout.js';
import { Random } from '../vectors/random.js';
import { randomCode } from './code.js';
import { DEVICE, RAM_BYTES } from './subjects.js';

export type Mode = 'real' | '16-bit protected' | 'protected' | 'paged' | 'compatibility' | 'long';

export interface FuzzCase {
  readonly seed: number;
  readonly mode: Mode;
  readonly level: number;
  readonly code: Uint8Array;
  /** Instructions after which an external interrupt is offered, and its vector. */
  readonly interrupts: readonly { readonly after: number; readonly vector: number }[];
}

const GDT = 0x1_0000n;
const IDT = 0x1_1000n;
const TSS = 0x1_3000n;
const PAGE_TABLES = 0x2_0000n;
const CODE = 0x3_0000n;
const HANDLERS = 0x4_0000n;
const STACK = 0x7_0000n;
const TABLES_BYTES = 0x4000;
const CODE_BYTES = 160;
/** x87, SSE and AVX state. */
const XCR0_ALL = 7n;
/** Instructions that a case executes at most. */
export const CASE_INSTRUCTIONS = 400;

const DATA_SEGMENTS: readonly SegmentName[] = ['es', 'ss', 'ds', 'fs', 'gs'];
/** Access byte and flags of descriptors: code, data and system segments of every kind. */
const DESCRIPTOR_KINDS = [
  0xc09b, 0xc093, 0xc0fb, 0xc0f3, 0xa09b, 0xa0fb, 0x009b, 0x0093, 0xc09f, 0x4097, 0x0089, 0x008b,
  0x0081, 0x0082, 0x0085, 0x00e5, 0x008c, 0x00ec, 0x0084, 0xc01b, 0x0000,
] as const;
const GATE_KINDS = [0x8e, 0x8f, 0x86, 0x87, 0x85, 0xee, 0xef, 0x0e, 0xe5] as const;

export function makeCase(seed: number): FuzzCase {
  const random = new Random(seed);
  const mode = random.pick([
    ...(['real', '16-bit protected', 'protected', 'paged'] as const),
    ...(['compatibility', 'long', 'long', 'long'] as const),
  ]);
  return {
    seed,
    mode,
    level: mode === 'real' ? 0 : random.pick([0, 0, 3]),
    code: randomCode(random, CODE_BYTES, mode === 'long'),
    interrupts: Array.from({ length: random.below(4) }, () => ({
      after: random.below(CASE_INSTRUCTIONS),
      vector: random.below(256),
    })).sort((a, b) => a.after - b.after),
  };
}

/** Puts the case into a processor, whatever was there before. */
export function placeCase(processor: Processor, fuzzCase: FuzzCase): void {
  const random = new Random(fuzzCase.seed ^ 0x5eed);
  processor.reset();
  processor.fill(0n, RAM_BYTES, 0n);
  processor.write(CODE, fuzzCase.code);
  processor.write(HANDLERS, randomCode(random, 0x400, fuzzCase.mode === 'long'));
  writeTables(processor, fuzzCase, random);
  const { mode } = fuzzCase;
  if (mode === 'paged' || isLong(mode)) writePageTables(processor, isLong(mode), random);
  enter(processor, fuzzCase);
  for (const name of GENERAL_REGISTERS) processor.setRegister(name, randomValue(random));
  processor.setRegister('rsp', fuzzCase.mode === 'real' ? 0xfff0n : STACK);
  if (random.chance(0.5)) processor.setRegister('rcx', randomModelSpecificRegister(random));
  processor.memory.setU64(XCR0, XCR0_ALL);
  processor.rflags = BigInt(
    random.pick([0x2, 0x202, 0x202, 0x102, 0x3202, 0x4002, 0x402, 0x4_0202]),
  );
}

/** IA-32e mode. */
function isLong(mode: Mode): boolean {
  return mode === 'long' || mode === 'compatibility';
}

function randomValue(random: Random): bigint {
  const kind = random.below(5);
  if (kind === 0) return BigInt(random.below(0x100));
  if (kind === 1)
    return (
      BigInt(random.pick([GDT, IDT, TSS, PAGE_TABLES, CODE, HANDLERS, STACK, DEVICE])) +
      BigInt(random.below(0x100))
    );
  if (kind === 2) return 1n << BigInt(random.below(64));
  if (kind === 3) return BigInt(random.next());
  return (BigInt(random.next()) << 32n) | BigInt(random.next());
}

function randomModelSpecificRegister(random: Random): bigint {
  const bases = [
    0x0, 0x10, 0x1b, 0x8b, 0xc0, 0xfe, 0x174, 0x179, 0x200, 0x277, 0x2ff, 0x400, 0x6e0, 0x800,
  ];
  const extended = [0xc000_0080, 0xc000_0100, 0xc001_0000];
  return BigInt(random.pick([...bases, ...extended]) + random.below(16));
}

function writeTables(processor: Processor, { mode }: FuzzCase, random: Random): void {
  const long = isLong(mode);
  const view = new DataView(new ArrayBuffer(TABLES_BYTES));
  const descriptor = (at: number, kind: number, base: number): void => {
    view.setUint32(at, ((base & 0xffff) << 16) | 0xffff, true);
    view.setUint32(
      at + 4,
      (base & 0xff00_0000) |
        ((base >>> 16) & 0xff) |
        ((kind & 0xff) << 8) |
        0xf_0000 |
        ((kind >>> 12) << 20),
      true,
    );
  };
  const first = [long ? 0xa09b : 0xc09b, 0xc093, long ? 0xa0fb : 0xc0fb, 0xc0f3, 0x0089];
  for (let index = 1; index < 32; index++) {
    const kind = first[index - 1] ?? random.pick(DESCRIPTOR_KINDS);
    descriptor(8 * index, kind, index === 5 || random.chance(0.3) ? Number(TSS) : 0);
  }
  for (let vector = 0; vector < 256; vector++) {
    const at = 0x1000 + vector * (long ? 16 : 8);
    const offset = Number(HANDLERS) + 4 * vector;
    view.setUint32(at, (8 << 16) | (offset & 0xffff), true);
    const kind = random.chance(0.9) ? 0x8e : random.pick(GATE_KINDS);
    view.setUint32(at + 4, (offset & 0xffff_0000) | (kind << 8), true);
  }
  for (let at = 0x3000; at < 0x3080; at += 4)
    view.setUint32(at, Number(STACK) - 0x100 * (at & 0x1f), true);
  const damages = random.below(6);
  for (let count = 0; count < damages; count++)
    view.setUint8(random.below(TABLES_BYTES), random.below(256));
  processor.write(GDT, new Uint8Array(view.buffer));
  if (mode !== 'real') return;
  const vectors = Uint32Array.from({ length: 256 }, (_, vector) => 0x4000_0000 + 4 * vector);
  processor.write(0n, new Uint8Array(vectors.buffer));
}

/** Identity mapping of the first 4 MiB or more, with entries damaged at random. */
function writePageTables(processor: Processor, long: boolean, random: Random): void {
  if (long) {
    const tables = new BigUint64Array(3 * 512);
    tables[0] = PAGE_TABLES + 0x1000n + 7n;
    tables[512] = PAGE_TABLES + 0x2000n + 7n;
    for (let index = 0; index < 512; index++) tables[1024 + index] = (BigInt(index) << 21n) | 0x87n;
    damage(tables, random);
    processor.write(PAGE_TABLES, new Uint8Array(tables.buffer));
    return;
  }
  const directory = Uint32Array.from({ length: 1024 }, (_, index) => ((index << 22) | 0x87) >>> 0);
  for (let count = random.below(3); count > 0; count--) directory[random.below(8)] = random.next();
  processor.write(PAGE_TABLES, new Uint8Array(directory.buffer));
}

function damage(tables: BigUint64Array, random: Random): void {
  for (let count = random.below(4); count > 0; count--) {
    const index = random.pick([0, 1, 511, 512, 513, 1024, 1025, 1024 + random.below(512)]);
    const flip = 1n << BigInt(random.below(64));
    if (index > 1024 || random.chance(0.3)) tables[index] = (tables[index] ?? 0n) ^ flip;
  }
}

function enter(processor: Processor, { mode, level }: FuzzCase): void {
  const long = isLong(mode);
  processor.setDescriptorTable('gdtr', { base: GDT, limit: 0xff });
  processor.setDescriptorTable('idtr', {
    base: mode === 'real' ? 0n : IDT,
    limit: mode === 'real' ? 0x3ff : long ? 0xfff : 0x7ff,
  });
  if (mode === 'real') {
    enterReal(processor);
    return;
  }
  const dpl = level << 5;
  const selectors = level === 3 ? { code: 0x1b, data: 0x23 } : { code: 0x08, data: 0x10 };
  const common = { base: 0n, limit: 0xffff_ffff, unusable: false };
  const narrow = mode === '16-bit protected';
  const code = narrow ? { ...common, base: CODE, limit: 0xffff } : common;
  const kind = narrow ? 0x009b : mode === 'long' ? 0xa09b : 0xc09b;
  processor.setSegment('cs', { ...code, selector: selectors.code, attributes: kind | dpl });
  for (const name of DATA_SEGMENTS)
    processor.setSegment(name, { ...common, selector: selectors.data, attributes: 0xc093 | dpl });
  processor.setSegment('tr', {
    selector: 0x28,
    base: TSS,
    limit: 0xff,
    attributes: 0x8b,
    unusable: false,
  });
  processor.setControlRegister('cr3', PAGE_TABLES);
  processor.setControlRegister('cr4', long ? 0x4_06b0n : 0x4_0690n); // PSE, PGE, OSFXSR, OSXMMEXCPT, OSXSAVE; PAE in long mode
  processor.setControlRegister('efer', long ? 0xd00n : 0n);
  processor.setControlRegister('cr0', mode === 'paged' || long ? 0x8000_0011n : 0x11n);
  processor.cpl = level;
  processor.rip = narrow ? 0n : CODE;
}

function enterReal(processor: Processor): void {
  const common = { limit: 0xffff, attributes: 0x93, unusable: false };
  for (const name of DATA_SEGMENTS)
    processor.setSegment(name, { ...common, selector: 0x7000, base: STACK });
  processor.setSegment('cs', { ...common, selector: 0x3000, base: CODE });
  processor.rip = 0n;
}
