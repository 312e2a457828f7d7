/** Sparse physical memory against a list of what was written; its costs; what is RAM, ROM and nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RamKind } from '../../emulator/isa/state-layout.js';
import { BareProcessor } from './bare-processor.js';

const SEED = 20_260_922;
const END = 1n << 52n;
const GIB = 1n << 30n;
const TIB = 1n << 40n;

type Operation =
  | { readonly kind: 'write'; readonly address: bigint; readonly bytes: Uint8Array }
  | {
      readonly kind: 'fill';
      readonly address: bigint;
      readonly length: bigint;
      readonly pattern: bigint;
    };

const lengthOf = (operation: Operation): bigint =>
  operation.kind === 'write' ? BigInt(operation.bytes.length) : operation.length;

/** The last operation that covers a byte decides what it reads as. */
function byteAt(operations: readonly Operation[], address: bigint): number {
  for (const operation of [...operations].reverse()) {
    const offset = address - operation.address;
    if (offset < 0n || offset >= lengthOf(operation)) continue;
    if (operation.kind === 'write') return operation.bytes[Number(offset)] ?? 0;
    return Number((operation.pattern >> (8n * (offset & 7n))) & 0xffn);
  }
  return 0;
}

function apply(processor: BareProcessor, operation: Operation): void {
  if (operation.kind === 'write')
    expect(processor.write(operation.address, operation.bytes)).toBe(true);
  else
    expect(
      processor.core.physicalFill(operation.address, operation.length, operation.pattern),
    ).toBe(1);
}

/** The same bytes by other operations: single bytes, fills in two halves, storage where none was needed. */
function applyDifferently(processor: BareProcessor, operations: readonly Operation[]): void {
  for (const operation of operations) {
    if (operation.kind === 'write') {
      operation.bytes.forEach((byte, n) =>
        processor.write(operation.address + BigInt(n), Uint8Array.of(byte)),
      );
    } else {
      const half = (operation.length / 2n) & ~7n;
      processor.core.physicalFill(operation.address, half, operation.pattern);
      processor.core.physicalFill(
        operation.address + half,
        operation.length - half,
        operation.pattern,
      );
    }
  }
  for (const { address } of operations) processor.write(address, processor.read(address, 1));
}

const nodeBoundaries = [1n << 22n, 1n << 32n, 1n << 42n]; // where a radix node of each level ends
const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 0x20000n }),
  fc
    .tuple(
      fc.constantFrom(0n, ...nodeBoundaries, END - (1n << 23n)),
      fc.bigInt({ min: 0n, max: 1n << 22n }),
    )
    .map(([base, offset]) => base + offset),
  fc
    .tuple(fc.constantFrom(...nodeBoundaries), fc.bigInt({ min: -64n, max: 64n }))
    .map(([base, offset]) => base + offset),
);
const length = fc.oneof(
  fc.bigInt({ min: 0n, max: 100n }),
  fc.bigInt({ min: 4000n, max: 20_000n }),
  fc.constantFrom(1n << 12n, 1n << 16n, ...nodeBoundaries, 1n << 23n, 1n << 41n),
);
const pattern = fc.oneof(
  fc.constantFrom(0n, 0n, 0xffff_ffff_ffff_ffffn, 0xdddd_dddd_dddd_ddddn),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);
const operation: fc.Arbitrary<Operation> = fc
  .oneof(
    fc.record({
      kind: fc.constant('write' as const),
      address,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    }),
    fc.record({ kind: fc.constant('fill' as const), address, length, pattern }),
  )
  .filter((made) => made.address + lengthOf(made) <= END);

describe(`sparse physical memory (seed=${SEED})`, () => {
  it('reads what was written or filled last, and hashes the same however it is stored', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 10 }),
        fc.array(address, { maxLength: 4 }),
        (operations, more) => {
          const processor = new BareProcessor();
          for (const made of operations) apply(processor, made);
          const edges = operations.flatMap((made) => {
            const end = made.address + lengthOf(made);
            return [made.address - 9n, made.address, (made.address + end) / 2n, end - 9n, end];
          });
          for (const at of [...edges, ...more].filter((edge) => edge >= 0n && edge + 20n <= END)) {
            const bytes = [...processor.read(at, 20)];
            expect(bytes, `at 0x${at.toString(16)}`).toEqual(
              bytes.map((_, n) => byteAt(operations, at + BigInt(n))),
            );
          }
          const other = new BareProcessor();
          applyDifferently(other, operations);
          expect(other.core.hashMemory(1n)).toBe(processor.core.hashMemory(1n));
        },
      ),
      { seed: SEED, numRuns: 120 },
    );
  });

  it.each([
    ['a byte', (p: BareProcessor) => p.write(0x1234n, Uint8Array.of(1))],
    ['a byte far up', (p: BareProcessor) => p.write(END - 1n, Uint8Array.of(1))],
    ['one more page of a fill', (p: BareProcessor) => p.core.physicalFill(TIB, GIB + 4096n, 7n)],
    ['another pattern', (p: BareProcessor) => p.core.physicalFill(TIB, GIB, 8n)],
    ['a shifted fill', (p: BareProcessor) => p.core.physicalFill(TIB + 4096n, GIB, 7n)],
  ])('hashes differently after %s', (_, change) => {
    const plain = new BareProcessor();
    plain.core.physicalFill(TIB, GIB, 7n);
    const changed = new BareProcessor();
    changed.core.physicalFill(TIB, GIB, 7n);
    change(changed);
    expect(changed.core.hashMemory(0n)).not.toBe(plain.core.hashMemory(0n));
  });
});

describe('the cost of memory', () => {
  it('holds 4 PiB in a few pages, before and after terabytes were filled', () => {
    const processor = new BareProcessor();
    expect(processor.read(END - 8n, 8)).toEqual(new Uint8Array(8));
    expect(processor.core.residentBytes()).toBeLessThan(64n * 1024n);
    expect(
      processor.core.physicalFill(0x12_3456n, END - 0x12_3456n - 5n, 0x1122_3344_5566_7788n),
    ).toBe(1);
    expect(processor.readWord(0x12_3456n + 8n * TIB, 8)).toBe(0x1122_3344_5566_7788n);
    expect(processor.core.residentBytes()).toBeLessThan(64n * 1024n);
  });

  it('ends up with as little when the same fill comes page by page', () => {
    const processor = new BareProcessor();
    for (let page = 0n; page < 4096n; page++) processor.core.physicalFill(page << 12n, 4096n, 5n);
    expect(processor.core.residentBytes()).toBeLessThan(64n * 1024n);
  });

  it('gives storage back when it is filled over', () => {
    const processor = new BareProcessor();
    for (let page = 0n; page < 1000n; page++)
      processor.writeWord(GIB + (page << 12n), page + 1n, 8);
    expect(processor.core.residentBytes()).toBeGreaterThan(4_000_000n);
    processor.core.physicalFill(0n, 4n * GIB, 0n);
    expect(processor.core.residentBytes()).toBeLessThan(64n * 1024n);
    expect(processor.core.hashMemory(3n)).toBe(new BareProcessor().core.hashMemory(3n));
  });

  it('keeps a uniform range apart from later patterns when pages of it got storage', () => {
    const processor = new BareProcessor();
    processor.core.physicalFill(0n, 1n << 22n, 0xaaaan);
    processor.writeWord(0n, 1n, 1);
    for (let n = 1n; n < 8n; n++) processor.core.physicalFill(n * TIB, GIB, n);
    expect(processor.readWord(0x5000n, 8)).toBe(0xaaaan);
    for (let n = 1n; n < 8n; n++) expect(processor.readWord(n * TIB + 0x5000n, 8)).toBe(n);
  });

  it('keeps filling when a thousand patterns are in use', () => {
    const processor = new BareProcessor();
    for (let n = 1n; n <= 1000n; n++) processor.core.physicalFill(n * TIB, 8192n, n);
    for (let n = 1n; n <= 1000n; n++) expect(processor.readWord(n * TIB + 4096n, 8)).toBe(n);
    // Patterns that nobody uses any more make room for others.
    processor.core.physicalFill(0n, END, 0n);
    for (let n = 1n; n <= 400n; n++) processor.core.physicalFill(n * TIB, TIB, n << 32n);
    expect(processor.core.residentBytes()).toBeLessThan(8n << 20n);
    expect(processor.readWord(400n * TIB, 8)).toBe(400n << 32n);
  });

  it('takes no page beyond the resident limit, and stores nothing of the write that would need one', () => {
    const processor = new BareProcessor();
    processor.core.setResidentLimit(64n * 4096n);
    let page = 0n;
    while (processor.write(page << 12n, Uint8Array.of(0x77))) page++;
    expect(page).toBeGreaterThan(50n);
    expect(processor.core.residentBytes()).toBeLessThanOrEqual(64n * 4096n);
    expect(processor.readWord(page << 12n, 1)).toBe(0n);
    expect(processor.readWord((page - 1n) << 12n, 1)).toBe(0x77n);
  });
});

describe('what is behind an address', () => {
  const ranges = [
    { base: 0n, end: 0xa0000n, kind: RamKind.Ram },
    { base: 0xf_0000n, end: 0x10_0000n, kind: RamKind.Rom },
    { base: 0x10_0000n, end: 0x20_0000n, kind: RamKind.Ram },
    { base: END - 0x1000n, end: END, kind: RamKind.Ram },
  ];

  it.each([
    // address, what a write of 0xA5 reads back as, and after loadRom
    ['RAM', 0x0n, 0xa5, 0xa5],
    ['the last byte of RAM', 0x9_ffffn, 0xa5, 0xa5],
    ['nothing', 0xa_0000n, 0xff, 0xff],
    ['nothing below ROM', 0xe_ffffn, 0xff, 0xff],
    ['ROM', 0xf_0000n, 0x00, 0xa5],
    ['RAM behind ROM', 0x10_0000n, 0xa5, 0xa5],
    ['nothing behind RAM', 0x20_0000n, 0xff, 0xff],
    ['RAM at the very end', END - 1n, 0xa5, 0xa5],
  ])('is %s at 0x%x', (_, at, written, loaded) => {
    const processor = new BareProcessor(ranges);
    processor.write(at, Uint8Array.of(0xa5));
    expect(processor.read(at, 1)[0]).toBe(written);
    processor.loadRom(at, Uint8Array.of(0xa5));
    expect(processor.read(at, 1)[0]).toBe(loaded);
  });

  it('fills RAM only, across holes', () => {
    const processor = new BareProcessor(ranges);
    processor.core.physicalFill(0n, END, 0x4444_4444_4444_4444n);
    expect(processor.read(0x9_fffen, 4)).toEqual(Uint8Array.of(0x44, 0x44, 0xff, 0xff));
    expect(processor.read(0xf_fffen, 4)).toEqual(Uint8Array.of(0, 0, 0x44, 0x44));
    expect(processor.read(0x1f_fffen, 4)).toEqual(Uint8Array.of(0x44, 0x44, 0xff, 0xff));
  });

  it('reads untouched RAM as the power-on pattern', () => {
    const processor = new BareProcessor();
    processor.core.setPowerOnPattern(0x0123_4567_89ab_cdefn);
    expect(processor.readWord(5n * TIB, 8)).toBe(0x0123_4567_89ab_cdefn);
    processor.writeWord(5n * TIB + 4n, 0n, 1);
    expect(processor.readWord(5n * TIB, 8)).toBe(0x0123_4500_89ab_cdefn);
  });
});
