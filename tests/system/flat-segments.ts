/** Segment register contents that code and data at any privilege level can work with, without a GDT. */
import { CPL } from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import type { BareProcessor } from './bare-processor.js';

const CODE = 0x9b; // present, code, readable, accessed
const DATA = 0x93; // present, data, writable, accessed
const CODE_64 = 0xa000; // G, L
const CODE_32 = 0xc000; // G, D
const FLAT_LIMIT = 0xffff_ffff;

/** Flat segments of privilege `level`; CS is 64-bit code when `long`. */
export function loadFlatSegments(processor: BareProcessor, level: number, long: boolean): void {
  const dpl = level << 5;
  const code = CODE | dpl | (long ? CODE_64 : CODE_32);
  const data = DATA | dpl | CODE_32;
  for (const segment of [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS]) {
    processor.setSegment(segment, {
      selector: 0x10 | level,
      base: 0n,
      limit: FLAT_LIMIT,
      attributes: data,
    });
  }
  processor.setSegment(Segment.CS, {
    selector: 0x8 | level,
    base: 0n,
    limit: FLAT_LIMIT,
    attributes: code,
  });
  processor.set32(CPL, level);
}
