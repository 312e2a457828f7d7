/**
 * Machine code under construction: encoded instructions, local labels, branches in their shortest form, and references
 * to symbols that the linker fills in.
 * Source: Intel SDM Vol. 2 "Jcc", "JMP", "NOP" (recommended multi-byte sequences).
 */
import { Encoder, type Instruction } from 'iced-x86';
import type { SourceLocation } from './compile-error.js';
import { CONDITIONS, type Condition } from './machine.js';

/** A place to be filled with an address: `rel32` from the end of the instruction, `abs32` or `abs64` as it is. */
export interface Relocation {
  readonly offset: number;
  readonly kind: 'rel32' | 'abs32' | 'abs64';
  readonly symbol: string;
  readonly addend: number;
  /** Offset of the end of the instruction. */
  readonly end: number;
}

export interface CodeLine {
  readonly offset: number;
  readonly location: SourceLocation;
}

/** A finished piece of code or constant data, placed as a whole. */
export interface Fragment {
  readonly symbol: string;
  readonly bytes: Uint8Array;
  readonly alignBytes: number;
  readonly relocations: readonly Relocation[];
  readonly lines: readonly CodeLine[];
  /** Local labels that other fragments name, as `symbol` + offset. */
  readonly labels: ReadonlyMap<string, number>;
}

type Label = string;

interface Branch {
  readonly condition: Condition | 'always';
  readonly target: Label;
  isLong: boolean;
}

interface Item {
  readonly bytes: Uint8Array;
  readonly relocations: readonly Relocation[];
  readonly location: SourceLocation | undefined;
  readonly branch: Branch | undefined;
  readonly label: Label | undefined;
  readonly alignBytes: number;
  readonly paddingBytesMax: number;
}

const NOTHING = new Uint8Array(0);
const PLAIN = {
  bytes: NOTHING,
  relocations: [],
  location: undefined,
  branch: undefined,
  label: undefined,
  alignBytes: 1,
  paddingBytesMax: 0,
};

/** Names for the place that an instruction's displacement or immediate refers to. */
export interface SymbolReference {
  readonly symbol: string;
  readonly addend: number;
  readonly field: 'displacement' | 'immediate';
  readonly kind: 'rel32' | 'abs32';
}

export class CodeBuffer {
  location: SourceLocation | undefined;
  private readonly items: Item[] = [];
  private readonly encoder: Encoder;

  constructor(bitness: 32 | 64 = 64) {
    this.encoder = new Encoder(bitness);
  }

  /** Appends an instruction and frees it. */
  add(instruction: Instruction, reference?: SymbolReference): void {
    this.encoder.encode(instruction, 0n);
    const offsets = this.encoder.getConstantOffsets();
    const bytes = this.encoder.takeBuffer();
    const relocations: Relocation[] = [];
    if (reference !== undefined) {
      const isImmediate = reference.field === 'immediate';
      const offset = isImmediate ? offsets.immediateOffset : offsets.displacementOffset;
      bytes.fill(0, offset, offset + 4);
      relocations.push({ ...reference, offset, end: bytes.length });
    }
    offsets.free();
    instruction.free();
    this.items.push({ ...PLAIN, bytes, relocations, location: this.location });
  }

  /** Appends bytes that are no single instruction of the encoder. */
  addBytes(bytes: readonly number[], relocations: readonly Relocation[] = []): void {
    const encoded = Uint8Array.from(bytes);
    this.items.push({ ...PLAIN, bytes: encoded, relocations, location: this.location });
  }

  /** A near call: E8 rel32. */
  call(symbol: string): void {
    this.addFar(0xe8, symbol);
  }

  /** A jump to another fragment: E9 rel32. */
  jumpTo(symbol: string): void {
    this.addFar(0xe9, symbol);
  }

  /** The same under a condition: 0F 8x rel32. */
  branchTo(condition: Condition, symbol: string): void {
    const relocation = { offset: 2, kind: 'rel32', symbol, addend: 0, end: 6 } as const;
    this.addBytes([0x0f, 0x80 + CONDITIONS.indexOf(condition), 0, 0, 0, 0], [relocation]);
  }

  private addFar(opcode: number, symbol: string): void {
    const relocation = { offset: 1, kind: 'rel32', symbol, addend: 0, end: 5 } as const;
    this.addBytes([opcode, 0, 0, 0, 0], [relocation]);
  }

  branch(condition: Condition | 'always', target: Label): void {
    const branch = { condition, target, isLong: false };
    this.items.push({ ...PLAIN, branch, location: this.location });
  }

  label(label: Label): void {
    this.items.push({ ...PLAIN, label });
  }

  /** Pads to a multiple of `alignBytes`, unless that takes more than `paddingBytesMax` bytes. */
  align(alignBytes: number, paddingBytesMax = alignBytes): void {
    this.items.push({ ...PLAIN, alignBytes, paddingBytesMax });
  }

  /** Chooses branch forms and produces the fragment. */
  finish(symbol: string, alignBytes = 16): Fragment {
    let layout = this.layOut();
    while (this.lengthenBranches(layout)) layout = this.layOut();
    const bytes = new Uint8Array(layout.end);
    const relocations: Relocation[] = [];
    const lines: CodeLine[] = [];
    let lastLocation: SourceLocation | undefined;
    this.items.forEach((item, index) => {
      const offset = layout.offsets[index] ?? 0;
      const next = layout.offsets[index + 1] ?? layout.end;
      const encoded =
        item.branch !== undefined
          ? encodeBranch(item.branch, (layout.labels.get(item.branch.target) ?? 0) - next)
          : item.alignBytes > 1
            ? nops(next - offset)
            : item.bytes;
      bytes.set(encoded, offset);
      for (const relocation of item.relocations) {
        const moved = { offset: relocation.offset + offset, end: relocation.end + offset };
        relocations.push({ ...relocation, ...moved });
      }
      const { location } = item;
      if (location !== undefined && location !== lastLocation && encoded.length > 0) {
        lines.push({ offset, location });
        lastLocation = location;
      }
    });
    this.encoder.free();
    return { symbol, bytes, alignBytes, relocations, lines, labels: layout.labels };
  }

  private layOut(): { offsets: number[]; labels: Map<Label, number>; end: number } {
    const offsets: number[] = [];
    const labels = new Map<Label, number>();
    let offset = 0;
    for (const item of this.items) {
      offsets.push(offset);
      if (item.label !== undefined) labels.set(item.label, offset);
      if (item.branch !== undefined) offset += branchBytes(item.branch);
      else if (item.alignBytes > 1) offset += paddingBytes(item, offset);
      else offset += item.bytes.length;
    }
    return { offsets, labels, end: offset };
  }

  /** Makes branches long that do not reach; returns whether there were any. */
  private lengthenBranches(layout: { offsets: number[]; labels: Map<Label, number> }): boolean {
    let changed = false;
    this.items.forEach((item, index) => {
      const { branch } = item;
      if (branch === undefined || branch.isLong) return;
      const target = layout.labels.get(branch.target);
      if (target === undefined) throw new Error(`label ${branch.target} is not defined`);
      const distance = target - ((layout.offsets[index] ?? 0) + branchBytes(branch));
      if (distance >= -128 && distance <= 127) return;
      branch.isLong = true;
      changed = true;
    });
    return changed;
  }
}

function paddingBytes({ alignBytes, paddingBytesMax }: Item, offset: number): number {
  const needed = Math.ceil(offset / alignBytes) * alignBytes - offset;
  return needed <= paddingBytesMax ? needed : 0;
}

const branchBytes = (branch: Branch): number =>
  branch.isLong ? (branch.condition === 'always' ? 5 : 6) : 2;

function encodeBranch(branch: Branch, distance: number): Uint8Array {
  const code = branch.condition === 'always' ? 0 : CONDITIONS.indexOf(branch.condition);
  const isJump = branch.condition === 'always';
  if (!branch.isLong) return Uint8Array.from([isJump ? 0xeb : 0x70 + code, distance & 0xff]);
  const opcode = isJump ? [0xe9] : [0x0f, 0x80 + code];
  const field = [0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff);
  return Uint8Array.from([...opcode, ...field]);
}

const NOP_SEQUENCES: readonly (readonly number[])[] = [
  [],
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

export function nops(sizeBytes: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = sizeBytes; rest > 0;) {
    const sequence = NOP_SEQUENCES[Math.min(rest, 9)] ?? [0x90];
    bytes.push(...sequence);
    rest -= sequence.length;
  }
  return Uint8Array.from(bytes);
}
