/**
 * The vector file: instructions, and what each did to each of its states. States before are drawn again from seeds;
 * states after are stored as differences.
 *
 * Layout, after gzip; numbers are little-endian, `v` is LEB128:
 *
 *   u32 'S7XV', u32 seed, u32 instruction count, u32 checksum over all states before,
 *   four sections, each u32 length and bytes: instructions, shapes, values, addresses.
 *
 *   instruction: u8 length, bytes, v code offset, v case count, u8 image | direction << 2 | fixup count << 4, fixups;
 *                image X87 and above: 3 stands for image and direction, and u8 image | direction << 4 follows
 *   fixup:       v target, u8 kind | log2(keepBits / 8) << 2 | step is 1 << 4, v count, v source, u32 start low, u32 start high, [i16 step]
 *   shape:       u8 ending (0 next instruction, 1 elsewhere, else 0x10 + vector), v RFLAGS difference, u16 registers changed;
 *                image Vector: u16 XMM registers changed, v MXCSR difference, u8 MMX registers changed, u8 x87 tags
 *                image Ymm: that, then u16 upper halves changed
 *                image X87: v FCW difference, v FSW difference, u8 MMX registers changed, u8 x87 tags, u8 heads changed,
 *                u16 FOP, u8 bit 0: FIP changed, bit 1: FDP changed
 *   values:      per changed register u8 mask of changed bytes and those bytes; per changed XMM register u16 mask of
 *                changed bytes and those bytes; per changed MMX register 8 bytes; per changed upper half 16 bytes; u16 for each
 *                changed head, i64 for each changed pointer; then u8 runs of changed memory, each
 *                v bytes skipped, u8 length, bytes
 *   addresses:   ending 1: i16 RIP from CODE_BASE; fault: u16 error code; #PF: i64 CR2 from DATA_BASE
 */
import type { Draft } from './author.js';
import { ByteReader, ByteWriter } from './byte-stream.js';
import {
  caseSeed,
  drawInitialState,
  ImageProfile,
  MachineState,
  type Fixup,
  type Setup,
} from './initial-state.js';
import { DATA_BASE, IMAGE_BYTES } from './layout.js';

const MAGIC = 0x56583753;
const ELSEWHERE = 1;
const FAULT = 0x10;
/** Image and direction that say: see the next byte. */
const EXTENDED = 0xc;
const VECTOR_PF = 14;

/** An instruction of a vector file. */
export interface VectorInstruction {
  readonly bytes: Uint8Array;
  readonly codeOffset: number;
  readonly setup: Setup;
  readonly caseCount: number;
}

/** How a case ended. */
export class Outcome {
  readonly state = new MachineState();
  /** From CODE_BASE. */
  ripOffset = 0;
  /** Exception vector, or -1. */
  fault = -1;
  errorCode = 0;
  cr2 = 0n;
}

export class VectorFileWriter {
  private readonly instructions = new ByteWriter();
  private readonly shapes = new ByteWriter();
  private readonly values = new ByteWriter();
  private readonly addresses = new ByteWriter();
  private instructionCount = 0;
  private checksum = 0;
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  instruction(draft: Draft): void {
    const { fixups, image, direction } = draft.setup;
    const out = this.instructions;
    out.u8(draft.bytes.length);
    for (const byte of draft.bytes) out.u8(byte);
    out.varint(draft.codeOffset);
    out.varint(draft.caseCount);
    if (image <= ImageProfile.Vector)
      out.u8(image | ((direction ?? 2) << 2) | (fixups.length << 4));
    else {
      out.u8(EXTENDED | (fixups.length << 4));
      out.u8(image | ((direction ?? 2) << 4));
    }
    for (const fixup of fixups) writeFixup(out, fixup);
    this.instructionCount += 1;
  }

  case(draft: Draft, before: MachineState, after: Outcome): void {
    this.checksum = addToChecksum(this.checksum, draft.setup, before);
    const { shapes, addresses } = this;
    const next = draft.codeOffset + draft.bytes.length;
    if (after.fault >= 0) {
      shapes.u8(FAULT + after.fault);
      addresses.u16(after.errorCode);
      if (after.fault === VECTOR_PF) addresses.i64(after.cr2 - BigInt(DATA_BASE));
    } else if (after.ripOffset === next) {
      shapes.u8(0);
    } else {
      shapes.u8(ELSEWHERE);
      addresses.u16(after.ripOffset);
    }
    shapes.varint((before.rflags ^ after.state.rflags) >>> 0);
    shapes.u16(this.registers(before, after.state));
    const { image } = draft.setup;
    if (image === ImageProfile.Vector || image === ImageProfile.Ymm)
      this.vectors(before, after.state);
    if (image === ImageProfile.Ymm) this.upperHalves(before, after.state);
    if (image === ImageProfile.X87) this.x87(before, after.state);
    this.memory(before.image, after.state.image);
  }

  finish(): Uint8Array {
    const out = new ByteWriter();
    for (const word of [MAGIC, this.seed, this.instructionCount, this.checksum]) out.u32(word);
    for (const section of [this.instructions, this.shapes, this.values, this.addresses]) {
      const bytes = section.bytes();
      out.u32(bytes.length);
      out.append(bytes);
    }
    return out.bytes();
  }

  private registers(before: MachineState, after: MachineState): number {
    const old = new Uint8Array(before.registers.buffer);
    const now = new Uint8Array(after.registers.buffer);
    let changed = 0;
    for (let register = 0; register < 16; register += 1) {
      const at = 8 * register;
      let mask = 0;
      for (let i = 0; i < 8; i += 1) if (old[at + i] !== now[at + i]) mask |= 1 << i;
      if (mask === 0) continue;
      changed |= 1 << register;
      this.values.u8(mask);
      for (let i = 0; i < 8; i += 1) if ((mask >> i) & 1) this.values.u8(now[at + i] ?? 0);
    }
    return changed;
  }

  private vectors(before: MachineState, after: MachineState): void {
    const old = new Uint8Array(before.vectors.buffer);
    const now = new Uint8Array(after.vectors.buffer);
    let changed = 0;
    for (let register = 0; register < 16; register += 1) {
      const at = 16 * register;
      let mask = 0;
      for (let i = 0; i < 16; i += 1) if (old[at + i] !== now[at + i]) mask |= 1 << i;
      if (mask === 0) continue;
      changed |= 1 << register;
      this.values.u16(mask);
      for (let i = 0; i < 16; i += 1) if ((mask >> i) & 1) this.values.u8(now[at + i] ?? 0);
    }
    this.shapes.u16(changed);
    this.shapes.varint((before.mxcsr ^ after.mxcsr) >>> 0);
    this.mmx(before, after);
  }

  private mmx(before: MachineState, after: MachineState): void {
    let changed = 0;
    for (let register = 0; register < 8; register += 1) {
      const at = 2 * register;
      if (before.mmx[at] === after.mmx[at] && before.mmx[at + 1] === after.mmx[at + 1]) continue;
      changed |= 1 << register;
      this.values.u32(after.mmx[at] ?? 0);
      this.values.u32(after.mmx[at + 1] ?? 0);
    }
    this.shapes.u8(changed);
    this.shapes.u8(after.x87Tags);
  }

  private upperHalves(before: MachineState, after: MachineState): void {
    let changed = 0;
    for (let at = 0; at < 64; at += 4) {
      const now = after.upperHalves.subarray(at, at + 4);
      if (now.every((word, i) => word === before.upperHalves[at + i])) continue;
      changed |= 1 << (at >> 2);
      for (const word of now) this.values.u32(word);
    }
    this.shapes.u16(changed);
  }

  private x87(before: MachineState, after: MachineState): void {
    const { shapes, values } = this;
    shapes.varint(before.x87.control ^ after.x87.control);
    shapes.varint(before.x87.status ^ after.x87.status);
    this.mmx(before, after);
    let changed = 0;
    for (const [register, head] of after.x87.heads.entries()) {
      if (head === before.x87.heads[register]) continue;
      changed |= 1 << register;
      values.u16(head);
    }
    shapes.u8(changed);
    shapes.u16(after.x87.opcode);
    const { instructionPointer, dataPointer } = after.x87;
    shapes.u8(Number(instructionPointer !== 0n) | (Number(dataPointer !== 0n) << 1));
    if (instructionPointer !== 0n) values.i64(instructionPointer);
    if (dataPointer !== 0n) values.i64(dataPointer);
  }

  private memory(old: Uint8Array, now: Uint8Array): void {
    const runs: [number, number][] = [];
    for (let i = 0; i < IMAGE_BYTES; i += 1) {
      if (old[i] === now[i]) continue;
      const start = i;
      while (i < IMAGE_BYTES && old[i] !== now[i] && i - start < 255) i += 1;
      runs.push([start, i]);
    }
    this.values.u8(runs.length);
    let at = 0;
    for (const [start, end] of runs) {
      this.values.varint(start - at);
      this.values.u8(end - start);
      this.values.append(now.subarray(start, end));
      at = end;
    }
  }
}

/** Called for every case; the two states are reused. */
export type CaseVisitor = (before: MachineState, after: Outcome) => void;

export class VectorFileReader {
  readonly seed: number;
  readonly instructionCount: number;
  private readonly expectedChecksum: number;
  private readonly instructions: ByteReader;
  private readonly shapes: ByteReader;
  private readonly values: ByteReader;
  private readonly addresses: ByteReader;
  private readonly before = new MachineState();
  private readonly after = new Outcome();
  private checksum = 0;
  private caseIndex = 0;

  /** `bytes` is the file's content, uncompressed. */
  constructor(bytes: Uint8Array) {
    const input = new ByteReader(bytes);
    if (input.u32() !== MAGIC) throw new Error('not a vector file');
    this.seed = input.u32();
    this.instructionCount = input.u32();
    this.expectedChecksum = input.u32();
    this.instructions = input.section();
    this.shapes = input.section();
    this.values = input.section();
    this.addresses = input.section();
  }

  /** The next instruction; then all its cases, through `visit`. */
  next(begin: (instruction: VectorInstruction) => CaseVisitor): void {
    const instruction = this.readInstruction();
    const visit = begin(instruction);
    for (let i = 0; i < instruction.caseCount; i += 1) {
      drawInitialState(instruction.setup, caseSeed(this.seed, this.caseIndex), this.before);
      this.caseIndex += 1;
      this.checksum = addToChecksum(this.checksum, instruction.setup, this.before);
      this.readOutcome(instruction);
      visit(this.before, this.after);
    }
  }

  /** Reads all instructions instead, without their cases. */
  *listInstructions(): Generator<VectorInstruction> {
    for (let i = 0; i < this.instructionCount; i += 1) yield this.readInstruction();
  }

  /** To be called at the end: fails when the states drawn are not those that were recorded. */
  verify(): void {
    if (this.checksum !== this.expectedChecksum) {
      throw new Error('the states drawn are not the recorded ones: record the vectors again');
    }
  }

  private readInstruction(): VectorInstruction {
    const input = this.instructions;
    const bytes = input.take(input.u8());
    const codeOffset = input.varint();
    const caseCount = input.varint();
    const flags = input.u8();
    const extended = (flags & EXTENDED) === EXTENDED ? input.u8() : null;
    const direction = extended === null ? (flags >> 2) & 3 : extended >> 4;
    const fixups = Array.from({ length: flags >> 4 }, () => readFixup(input));
    const setup = {
      fixups,
      image: extended === null ? flags & 3 : extended & 15,
      direction: direction === 2 ? null : (direction as 0 | 1),
    };
    return { bytes, codeOffset, setup, caseCount };
  }

  private readOutcome(instruction: VectorInstruction): void {
    const { before, after, shapes, addresses } = this;
    after.state.copyFrom(before);
    const ending = shapes.u8();
    after.fault = ending >= FAULT ? ending - FAULT : -1;
    after.errorCode = ending >= FAULT ? addresses.u16() : 0;
    after.cr2 = after.fault === VECTOR_PF ? addresses.i64() + BigInt(DATA_BASE) : 0n;
    after.ripOffset = instruction.codeOffset;
    if (ending === 0) after.ripOffset += instruction.bytes.length;
    if (ending === ELSEWHERE) after.ripOffset = addresses.u16();
    after.state.rflags ^= shapes.varint();
    this.readRegisters(shapes.u16());
    const { image } = instruction.setup;
    if (image === ImageProfile.Vector || image === ImageProfile.Ymm) this.readVectors();
    if (image === ImageProfile.Ymm) this.readUpperHalves();
    if (image === ImageProfile.X87) this.readX87();
    this.readMemory();
  }

  private readRegisters(changed: number): void {
    const now = new Uint8Array(this.after.state.registers.buffer);
    for (let register = 0; register < 16; register += 1) {
      if (((changed >> register) & 1) === 0) continue;
      const mask = this.values.u8();
      for (let i = 0; i < 8; i += 1) if ((mask >> i) & 1) now[8 * register + i] = this.values.u8();
    }
  }

  private readVectors(): void {
    const { shapes, values, after } = this;
    const changed = shapes.u16();
    after.state.mxcsr ^= shapes.varint();
    const now = new Uint8Array(after.state.vectors.buffer);
    for (let register = 0; register < 16; register += 1) {
      if (((changed >> register) & 1) === 0) continue;
      const mask = values.u16();
      for (let i = 0; i < 16; i += 1) if ((mask >> i) & 1) now[16 * register + i] = values.u8();
    }
    this.readMmx();
  }

  private readMmx(): void {
    const { shapes, values, after } = this;
    const changedMmx = shapes.u8();
    after.state.x87Tags = shapes.u8();
    for (let word = 0; word < 16; word += 1)
      if ((changedMmx >> (word >> 1)) & 1) after.state.mmx[word] = values.u32();
  }

  private readUpperHalves(): void {
    const changed = this.shapes.u16();
    for (let word = 0; word < 64; word += 1)
      if ((changed >> (word >> 2)) & 1) this.after.state.upperHalves[word] = this.values.u32();
  }

  private readX87(): void {
    const { shapes, values } = this;
    const { x87 } = this.after.state;
    x87.control ^= shapes.varint();
    x87.status ^= shapes.varint();
    this.readMmx();
    const changed = shapes.u8();
    for (let register = 0; register < 8; register += 1)
      if ((changed >> register) & 1) x87.heads[register] = values.u16();
    x87.opcode = shapes.u16();
    const pointers = shapes.u8();
    x87.instructionPointer = (pointers & 1) !== 0 ? values.i64() : 0n;
    x87.dataPointer = (pointers & 2) !== 0 ? values.i64() : 0n;
  }

  private readMemory(): void {
    let at = 0;
    for (let runs = this.values.u8(); runs > 0; runs -= 1) {
      at += this.values.varint();
      const bytes = this.values.take(this.values.u8());
      this.after.state.image.set(bytes, at);
      at += bytes.length;
    }
  }
}

function writeFixup(out: ByteWriter, fixup: Fixup): void {
  const isPlain = fixup.step === 1;
  out.varint(fixup.target);
  out.u8(fixup.kind | (Math.log2(fixup.keepBits / 8) << 2) | (isPlain ? 16 : 0));
  out.varint(fixup.count);
  out.varint(fixup.source);
  out.u32(fixup.startLow);
  out.u32(fixup.startHigh);
  if (!isPlain) out.u16(fixup.step);
}

function readFixup(input: ByteReader): Fixup {
  const target = input.varint();
  const flags = input.u8();
  const count = input.varint();
  const source = input.varint();
  const startLow = input.u32() | 0;
  const startHigh = input.u32() | 0;
  const step = (flags & 16) !== 0 ? 1 : (input.u16() << 16) >> 16;
  return {
    target,
    kind: flags & 3,
    keepBits: 8 << ((flags >> 2) & 3),
    count,
    source,
    startLow,
    startHigh,
    step,
  };
}

function addToChecksum(checksum: number, setup: Setup, state: MachineState): number {
  let sum = (checksum ^ state.rflags) | 0;
  const { registers, imageWords } = state;
  for (let i = 0; i < registers.length; i += 1)
    sum = (Math.imul(sum, 31) + (registers[i] ?? 0)) | 0;
  for (let i = 0; i < imageWords.length; i += 1)
    sum = (Math.imul(sum, 31) + (imageWords[i] ?? 0)) | 0;
  if (setup.image >= ImageProfile.Vector) {
    sum = (Math.imul(sum, 31) + state.mxcsr) | 0;
    for (const word of state.mmx) sum = (Math.imul(sum, 31) + word) | 0;
    for (const word of state.vectors) sum = (Math.imul(sum, 31) + word) | 0;
  }
  if (setup.image === ImageProfile.Ymm) {
    for (const word of state.upperHalves) sum = (Math.imul(sum, 31) + word) | 0;
  }
  if (setup.image === ImageProfile.X87) {
    sum = (Math.imul(sum, 31) + ((state.x87.control << 16) | state.x87.status)) | 0;
    for (const head of state.x87.heads) sum = (Math.imul(sum, 31) + head) | 0;
  }
  return sum >>> 0;
}
