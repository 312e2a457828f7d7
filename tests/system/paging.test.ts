/** Every bit of the paging-structure entries, in all paging modes, against a model written from the SDM's tables. */
import { describe, expect, it } from 'vitest';
import {
  CR0,
  CR3,
  CR4,
  ExitReason,
  IA32_EFER,
  IDTR_LIMIT,
  MAXPHYADDR,
  PDPTE_REGISTERS,
} from '../../emulator/isa/state-layout.js';
import { BareProcessor, FULL_CPUID } from './bare-processor.js';
import { loadFlatSegments } from './flat-segments.js';
import { levelsOf, translate } from './paging-model.js';
import type { Access, PagingControls, PagingMode } from './paging-model.js';
import { SeededRandom } from './seeded-random.js';

const SEED = 41;
const TABLES_PER_MODE = 1500;
const ACCESSES_PER_TABLE = 4;

/** Structures under test, then those that map the code, then the two code pages: user and supervisor. */
const TESTED = 0x10_0000n;
const CODE_TABLES = 0x10_8000n;
const CODE_PAGES = 0x10_f000n;
const USED_END = 0x11_1000n;
const HLT = 0xf4;

/** In every mode: mov al,[rbx] / mov [rbx],al / jmp rbx. */
const CODE = { read: '8a03', write: '8803', fetch: 'ffe3' } as const;
const CODE_OFFSETS = { read: 0n, write: 0x40n, fetch: 0x80n } as const;

const bit = (n: number): bigint => 1n << BigInt(n);
const bitsBelow = (n: number): bigint => bit(n) - 1n;

class PagingBench {
  readonly processor = new BareProcessor();
  readonly entryBytes: number;
  private readonly long: boolean;

  constructor(private readonly mode: PagingMode) {
    this.entryBytes = mode === '32-bit' ? 4 : 8;
    this.long = mode === '4-level' || mode === '5-level';
    for (const page of [CODE_PAGES, CODE_PAGES + 0x1000n]) {
      for (const kind of ['read', 'write', 'fetch'] as const) {
        this.processor.writeCode(page + CODE_OFFSETS[kind], CODE[kind]);
      }
    }
    this.processor.set32(IDTR_LIMIT, 0); // any exception ends in a shutdown, and the fault chain has it
  }

  setControls(c: PagingControls): void {
    const { processor } = this;
    processor.set64(CR0, bit(0) | bit(31) | (c.writeProtect ? bit(16) : 0n));
    processor.set64(
      CR4,
      (c.mode === '32-bit' ? 0n : bit(5)) |
        (c.pageSizeExtensions ? bit(4) : 0n) |
        (c.mode === '5-level' ? bit(12) : 0n) |
        (c.smep ? bit(20) : 0n) |
        (c.smap ? bit(21) : 0n),
    );
    processor.set64(
      IA32_EFER,
      (c.executeDisable ? bit(11) : 0n) | (this.long ? bit(8) | bit(10) : 0n),
    );
    processor.core.setRflags(2n | (c.alignmentCheck ? bit(18) : 0n));
    processor.setCpuid(
      FULL_CPUID.map(([leaf = 0, subleaf = 0, eax = 0, ebx = 0, ecx = 0, edx = 0]) => {
        const pse36 = leaf === 1 && c.pse36 ? 1 << 17 : 0;
        return [leaf, subleaf, eax, ebx, ecx, edx | pse36];
      }),
    );
    processor.set32(MAXPHYADDR, c.physicalBits);
  }

  readonly readEntry = (address: bigint): bigint =>
    this.processor.readWord(address, this.entryBytes);

  writeEntry(address: bigint, entry: bigint): void {
    this.processor.writeWord(address, entry, this.entryBytes);
  }

  /** Maps the code pages where `linear` is not; returns the linear address of the first. */
  mapCode(linear: bigint): bigint {
    const levels = levelsOf(this.mode);
    const shift = this.mode === 'PAE' ? 30n : BigInt(levels[0]?.shift ?? 0);
    const indexMask = this.mode === 'PAE' ? 3n : bit(levels[0]?.bits ?? 0) - 1n;
    const code = (((linear >> shift) & indexMask) === 0n ? 1n : 0n) << shift;
    let table = TESTED;
    let next = CODE_TABLES;
    if (this.mode === 'PAE') {
      for (let n = 0; n < 4; n++) this.processor.set64(PDPTE_REGISTERS + 8 * n, TESTED | 1n);
      this.processor.set64(PDPTE_REGISTERS + 8 * Number(code >> shift), CODE_TABLES | 1n);
      table = CODE_TABLES;
      next += 0x1000n;
    }
    for (const level of levels) {
      const index = (code >> BigInt(level.shift)) & (bit(level.bits) - 1n);
      const at = table + index * BigInt(this.entryBytes);
      if (level.name === 'PTE') {
        this.writeEntry(at, CODE_PAGES | 7n);
        this.writeEntry(at + BigInt(this.entryBytes), (CODE_PAGES + 0x1000n) | 3n);
      } else this.writeEntry(at, next | 7n);
      table = next;
      next += 0x1000n;
    }
    return code;
  }

  /** Executes the access; what came of it. */
  access(code: bigint, linear: bigint, access: Access): { exit: ExitReason; fault: unknown } {
    const { processor } = this;
    loadFlatSegments(processor, access.user ? 3 : 0, this.long);
    processor.setRegisters({ rbx: linear, rax: BigInt(HLT) });
    processor.rip = code + CODE_OFFSETS[access.kind] + (access.user ? 0n : 0x1000n);
    processor.core.flushAll();
    const exit = processor.run(access.kind === 'fetch' ? 2 : 1);
    return { exit, fault: exit === ExitReason.Shutdown ? processor.faultChain()[0] : undefined };
  }
}

function randomControls(random: SeededRandom, mode: PagingMode): PagingControls {
  return {
    mode,
    writeProtect: random.chance(50),
    pageSizeExtensions: random.chance(70),
    executeDisable: random.chance(60),
    smep: random.chance(40),
    smap: random.chance(40),
    alignmentCheck: random.chance(50),
    ...(mode === '32-bit'
      ? { physicalBits: random.pick([52, 40, 36, 32]), pse36: random.chance(75) }
      : { physicalBits: random.pick([52, 52, 46, 40]), pse36: false }),
  };
}

function randomLinear(random: SeededRandom, mode: PagingMode): bigint {
  const width = mode === '5-level' ? 57 : mode === '4-level' ? 48 : 32;
  return BigInt.asUintN(width === 32 ? 32 : 64, BigInt.asIntN(width, random.bits64()));
}

/** Bits 21:13, which are reserved or an address's bits 39:32 in a 4-MByte page's entry. */
const PSE_36_BITS = 0x3f_e000n;

/** An entry that is mostly usable, with every bit set now and then. `next`: the structure it refers to. */
function randomEntry(random: SeededRandom, bytes: number, last: boolean, next: bigint): bigint {
  let entry = last ? BigInt(random.next()) & 0xffff_f000n : next;
  if (random.chance(96)) entry |= bit(0);
  for (const n of [1, 2]) if (random.chance(75)) entry |= bit(n);
  for (const n of [3, 4, 5, 6, 8, 9, 10, 11]) if (random.chance(50)) entry |= bit(n);
  if (random.chance(25)) {
    entry |= bit(7);
    // A large page's address must be aligned, or bits 13 and up are reserved: mostly it is.
    if (random.chance(85)) {
      entry &= ~0x3fff_e000n;
      if (random.chance(50)) entry |= BigInt(random.next()) & 0x3fc0_0000n;
      if (random.chance(15)) entry |= bit(12 + random.below(18));
      if (bytes === 4 && random.chance(50))
        entry |= BigInt(random.next()) & PSE_36_BITS & bitsBelow(14 + random.below(9));
    }
  }
  if (bytes === 8) {
    if (random.chance(20)) entry |= bit(63);
    if (random.chance(4)) entry |= bit(40 + random.below(23));
    for (const n of [52, 55, 58, 62]) if (random.chance(4)) entry |= bit(n);
  }
  if (random.chance(3)) entry |= bit(12 + random.below(18));
  return entry;
}

describe.each<PagingMode>(['32-bit', 'PAE', '4-level', '5-level'])(
  '%s paging (seed=41)',
  (mode) => {
    it('maps, faults and sets A and D as the tables say', () => {
      const random = new SeededRandom(SEED);
      const bench = new PagingBench(mode);
      const { processor } = bench;
      const seen = { mapped: 0, notPresent: 0, protection: 0, reserved: 0, beyond4Gib: 0 };
      if (mode !== '32-bit') seen.beyond4Gib = Infinity;
      for (let n = 0; n < TABLES_PER_MODE; n++) {
        const controls = randomControls(random, mode);
        const linear = randomLinear(random, mode);
        bench.setControls(controls);
        processor.set64(CR3, TESTED);
        const code = bench.mapCode(linear);
        const path: bigint[] = [];
        levelsOf(mode).forEach((level, depth, levels) => {
          const table = TESTED + BigInt(depth) * 0x1000n;
          const index = (linear >> BigInt(level.shift)) & (bit(level.bits) - 1n);
          const at = table + index * BigInt(bench.entryBytes);
          path.push(at);
          bench.writeEntry(
            at,
            randomEntry(random, bench.entryBytes, depth === levels.length - 1, table + 0x1000n),
          );
        });
        for (let k = 0; k < ACCESSES_PER_TABLE; k++) {
          const access: Access = {
            kind: random.pick(['read', 'write', 'fetch']),
            user: random.chance(50),
          };
          const expected = translate(controls, TESTED, linear, access, bench.readEntry);
          if (expected.mapped && expected.physical >= TESTED && expected.physical < USED_END)
            continue;
          if (expected.mapped)
            processor.write(expected.physical, Uint8Array.of(access.kind === 'fetch' ? HLT : n));
          const before = path.map(bench.readEntry);
          const { exit, fault } = bench.access(code, linear, access);
          const label = `${JSON.stringify({ n, k, controls, access })} 0x${linear.toString(16)}`;
          if (!expected.mapped) {
            const rip = access.kind === 'fetch' ? linear : processor.rip;
            expect(fault, label).toEqual({
              vector: 14,
              errorCode: expected.errorCode,
              rip,
              cr2: linear,
            });
            expect(path.map(bench.readEntry), label).toEqual(before);
            if ((expected.errorCode & 8) !== 0) seen.reserved++;
            else if ((expected.errorCode & 1) !== 0) seen.protection++;
            else seen.notPresent++;
            continue;
          }
          seen.mapped++;
          if (mode === '32-bit' && expected.physical >= bit(32)) seen.beyond4Gib++;
          if (access.kind === 'fetch' && access.user)
            expect(fault, label).toMatchObject({ vector: 13, rip: linear });
          else
            expect(exit, label).toBe(access.kind === 'fetch' ? ExitReason.Halt : ExitReason.Budget);
          if (access.kind === 'read')
            expect(processor.register('rax') & 0xffn, label).toBe(BigInt(n & 0xff));
          if (access.kind === 'write')
            expect(processor.read(expected.physical, 1)[0], label).toBe(HLT);
          for (const use of expected.used)
            expect(bench.readEntry(use.address), label).toBe(use.after);
        }
      }
      // The random tables must reach every kind of outcome, or the comparison says little.
      expect(Math.min(...Object.values(seen))).toBeGreaterThan(mode === '32-bit' ? 20 : 100);
    });
  },
);
