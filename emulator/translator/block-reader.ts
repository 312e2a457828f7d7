/** Decoded blocks and their micro-ops as they lie in linear memory (isa/state-layout.ts, isa/uop.ts). */
import type { WasmMemory } from '../base/web-assembly.js';
import {
  BLOCK_DEAD,
  BLOCK_FALL,
  BLOCK_HEADER_BYTES,
  BLOCK_HOST,
  BLOCK_INSTRUCTIONS,
  BLOCK_MODE,
  BLOCK_RIP,
  BLOCK_TAKEN,
  BLOCK_UOPS,
} from '../isa/state-layout.js';
import {
  UOP_A,
  UOP_B,
  UOP_DST,
  UOP_EXTRA,
  UOP_IMM,
  UOP_INDEX,
  UOP_LENGTH,
  UOP_OP,
  UOP_SCALE,
  UOP_SIZE_BYTES,
  UOP_START,
} from '../isa/uop.js';

export interface Uop {
  /** Its address: what the interpreter goes on with. */
  readonly at: number;
  /** An `Op` or a `SpecialOp`. */
  readonly op: number;
  readonly index: number;
  readonly scale: number;
  readonly dst: number;
  readonly a: number;
  readonly b: number;
  readonly extra: number;
  readonly imm: bigint;
  /** Offset of the byte behind its instruction from the block's first byte. */
  readonly end: number;
}

export interface Block {
  readonly at: number;
  readonly rip: bigint;
  readonly host: number;
  readonly mode: number;
  readonly instructions: number;
  readonly uops: readonly Uop[];
  /** Addresses of the blocks that follow, where the interpreter has linked them; else 0. */
  readonly taken: number;
  readonly fall: number;
}

/** Values of BLOCK_TAKEN and BLOCK_FALL up to this are no blocks (core/code-cache.ts). */
const LINK_ELSEWHERE = 1;

export class BlockReader {
  constructor(private readonly memory: WasmMemory) {}

  /** Host address of the block's first byte, of a dead block too. */
  hostOf(at: number): number {
    return new DataView(this.memory.buffer).getUint32(at + BLOCK_HOST, true);
  }

  /** The block at `at`; null when it is dead. */
  read(at: number): Block | null {
    const view = new DataView(this.memory.buffer);
    if (view.getUint32(at + BLOCK_DEAD, true) !== 0) return null;
    const link = (offset: number): number => {
      const target = view.getUint32(at + offset, true);
      return target > LINK_ELSEWHERE ? target : 0;
    };
    const count = view.getUint32(at + BLOCK_UOPS, true);
    const uops = Array.from({ length: count }, (_, number) =>
      readUop(view, at + BLOCK_HEADER_BYTES + number * UOP_SIZE_BYTES),
    );
    return {
      at,
      rip: view.getBigUint64(at + BLOCK_RIP, true),
      host: view.getUint32(at + BLOCK_HOST, true),
      mode: view.getUint32(at + BLOCK_MODE, true),
      instructions: view.getUint32(at + BLOCK_INSTRUCTIONS, true),
      uops,
      taken: link(BLOCK_TAKEN),
      fall: link(BLOCK_FALL),
    };
  }
}

function readUop(view: DataView, at: number): Uop {
  return {
    at,
    op: view.getUint16(at + UOP_OP, true),
    index: view.getUint8(at + UOP_INDEX),
    scale: view.getUint8(at + UOP_SCALE),
    dst: view.getUint32(at + UOP_DST, true),
    a: view.getUint32(at + UOP_A, true),
    b: view.getUint32(at + UOP_B, true),
    extra: view.getUint32(at + UOP_EXTRA, true),
    imm: view.getBigUint64(at + UOP_IMM, true),
    end: view.getUint16(at + UOP_START, true) + view.getUint8(at + UOP_LENGTH),
  };
}
