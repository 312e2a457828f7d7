/** Decoded blocks and their micro-ops as they lie in linear memory (isa/state-layout.ts, isa/uop.ts). */
import type { WasmMemory } from '../base/web-assembly.js';
import {
  FETCH_BUFFER,
  FRAME_INFO,
  FRAME_INFO_BYTES,
  FRAME_REGIONS_LOST,
  JUMP_BLOCK,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  LINK_ELSEWHERE,
  MODE_KEY_SIZE,
  PLAIN_SEGMENTS,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  REGION_DOUBLINGS_MAX,
  REGION_LOSSES_PER_DOUBLING,
  THRESHOLD_BLOCK_INSTRUCTIONS,
  TRACE_MASK,
  TRANSLATION_FORCED,
  TRANSLATION_THRESHOLD,
  TraceKind,
  BLOCK_DEAD,
  BLOCK_FALL,
  BLOCK_HEAT,
  BLOCK_HEADER_BYTES,
  BLOCK_HOST,
  BLOCK_INSTRUCTIONS,
  BLOCK_LENGTH,
  BLOCK_MODE,
  BLOCK_REGION,
  BLOCK_RIP,
  BLOCK_TAKEN,
  BLOCK_UOPS,
} from '../isa/state-layout.js';
import {
  Op,
  Segment,
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
import { isLightDoor, isTransferDoor } from './light-doors.js';

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
  /** RIP behind its instruction. */
  readonly behind: bigint;
}

export interface Block {
  readonly at: number;
  readonly rip: bigint;
  readonly mode: number;
  readonly instructions: number;
  /** It has hardly ever been entered. */
  readonly isCold: boolean;
  /** A region can be entered at it. Never where all is translated at once. */
  readonly isEntry: boolean;
  readonly uops: readonly Uop[];
  /** RIP behind its last instruction. */
  readonly behind: bigint;
  /** Its last byte is the last one of a page, or its one instruction crosses into the next. */
  readonly endsPage: boolean;
  /** What BLOCK_TAKEN and BLOCK_FALL lead to. */
  readonly taken: Link;
  readonly fall: Link;
}

/** A way to the block at `target`; 0: none is known. `checked`: the interpreter asks the jump cache each time. */
export interface Link {
  readonly target: number;
  readonly checked: boolean;
}

/** What a region takes for granted of a segment outside 64-bit mode. */
export interface SegmentNow {
  /** Its base is 0. */
  readonly isFlat: boolean;
  readonly limit: number;
  /** D/B */
  readonly isWide: boolean;
  /** Below its limit, without further checks (PLAIN_SEGMENTS). */
  readonly readable: boolean;
  readonly writable: boolean;
}

/** In PLAIN_SEGMENTS rights to write stand so many bits above those to read. */
export const WRITE_RIGHTS = 8;

/** D/B in SEGMENT_ATTRIBUTES. */
export const ATTRIBUTE_DB = 1 << 14;

/** Address of the jump cache's entry for `rip`. */
export function jumpEntry(rip: bigint): number {
  const low = Number(rip & 0xfffn) ^ Number((rip >> 12n) & 0xfffn);
  return JUMP_CACHE + (low & (JUMP_CACHE_ENTRIES - 1)) * 16;
}

/** Transfers whose targets the interpreter asks of the jump cache each time. */
const UNLINKED: readonly number[] = [Op.Jcc, Op.CallNear, Op.Loop, Op.Loope, Op.Loopne, Op.Jcxz];
const CALLS: readonly number[] = [
  Op.CallFlat,
  Op.CallIndirectFlat,
  Op.CallNear,
  Op.CallIndirectNear,
];

export class BlockReader {
  constructor(private readonly memory: WasmMemory) {}

  instructionsOf(at: number): number {
    return new DataView(this.memory.buffer).getUint32(at + BLOCK_INSTRUCTIONS, true);
  }

  /** Host address of the block's first byte, of a dead block too. */
  hostOf(at: number): number {
    return new DataView(this.memory.buffer).getUint32(at + BLOCK_HOST, true);
  }

  /** The block at `at`; null when it is dead. */
  read(at: number): Block | null {
    const view = new DataView(this.memory.buffer);
    if (view.getUint32(at + BLOCK_DEAD, true) !== 0) return null;
    const rip = view.getBigUint64(at + BLOCK_RIP, true);
    const count = view.getUint32(at + BLOCK_UOPS, true);
    const mode = view.getUint32(at + BLOCK_MODE, true);
    const ripBits = (mode & MODE_KEY_SIZE) === 2 ? 64 : 32;
    const uops = Array.from({ length: count }, (_, number) =>
      readUop(view, at + BLOCK_HEADER_BYTES + number * UOP_SIZE_BYTES, rip, ripBits),
    );
    const last = uops.at(-1);
    const behind = last?.behind ?? rip;
    const isUnlinked = last !== undefined && (UNLINKED.includes(last.op) || isLightDoor(last));
    const link = (offset: number, target: bigint): Link => {
      const linked = isUnlinked ? LINK_ELSEWHERE : view.getUint32(at + offset, true);
      if (linked !== LINK_ELSEWHERE) return { target: linked, checked: false };
      return { target: this.remembered(target), checked: true };
    };
    return {
      at,
      rip,
      mode,
      instructions: view.getUint32(at + BLOCK_INSTRUCTIONS, true),
      isCold: isCold(view, at),
      isEntry: isEntry(view, at),
      uops,
      taken: link(BLOCK_TAKEN, last?.imm ?? 0n),
      fall: link(BLOCK_FALL, behind),
      behind,
      endsPage: endsPage(view, at),
    };
  }

  /** The block to which a call, or an INT n, at the end of `block` returns, if it is known; else 0. */
  blockBehindCall({ behind, uops }: Block): number {
    const last = uops.at(-1);
    if (last === undefined) return 0;
    return CALLS.includes(last.op) || isTransferDoor(last) ? this.remembered(behind) : 0;
  }

  /** The host is told of slow accesses, with the place and time of the last door. */
  get isTraced(): boolean {
    const kinds = (1 << TraceKind.PageFault) | (1 << TraceKind.PageUsed);
    return (new DataView(this.memory.buffer).getUint32(TRACE_MASK, true) & kinds) !== 0;
  }

  /** The segments ES to GS as they are now. */
  get segments(): readonly SegmentNow[] {
    const view = new DataView(this.memory.buffer);
    const plain = view.getUint32(PLAIN_SEGMENTS, true);
    return Array.from({ length: Segment.GS + 1 }, (_, segment) => {
      const cache = SEGMENTS + segment * SEGMENT_SIZE_BYTES;
      return {
        isFlat: view.getBigUint64(cache + SEGMENT_BASE, true) === 0n,
        limit: view.getUint32(cache + SEGMENT_LIMIT, true),
        isWide: (view.getUint32(cache + SEGMENT_ATTRIBUTES, true) & ATTRIBUTE_DB) !== 0,
        readable: ((plain >>> segment) & 1) !== 0,
        writable: ((plain >>> (segment + WRITE_RIGHTS)) & 1) !== 0,
      };
    });
  }

  /** The block that the jump cache has for `rip`; else 0. */
  private remembered(rip: bigint): number {
    const view = new DataView(this.memory.buffer);
    const entry = jumpEntry(rip);
    const block = view.getUint32(entry + JUMP_BLOCK, true);
    return view.getBigUint64(entry, true) === rip ? block : 0;
  }
}

/** A block is cold as long as it has not been entered so often: a part of the entries after which it is translated. */
const COLD_PART = 64;

function isCold(view: DataView, at: number): boolean {
  const threshold = view.getUint32(TRANSLATION_THRESHOLD, true);
  const frame = frameInfoOf(view.getUint32(at + BLOCK_HOST, true));
  const lost = view.getUint32(frame + FRAME_REGIONS_LOST, true);
  const instructions = view.getUint32(at + BLOCK_INSTRUCTIONS, true);
  const entries = entriesUntilTranslated(threshold, lost, instructions);
  return view.getInt32(at + BLOCK_HEAT, true) > entries - Math.floor(entries / COLD_PART);
}

/** As endsAtPageEnd of core/timed-run.ts. */
function endsPage(view: DataView, at: number): boolean {
  const host = view.getUint32(at + BLOCK_HOST, true);
  return host === FETCH_BUFFER || ((host + view.getUint32(at + BLOCK_LENGTH, true)) & 0xfff) === 0;
}

function isEntry(view: DataView, at: number): boolean {
  if (view.getUint32(TRANSLATION_THRESHOLD, true) === TRANSLATION_FORCED) return false;
  return view.getUint16(at + BLOCK_REGION, true) !== 0;
}

/** The record of the frame that `host` lies in. */
export function frameInfoOf(host: number): number {
  return FRAME_INFO + (host >>> 12) * FRAME_INFO_BYTES;
}

/**
 * Entries of a block of so many instructions until it is translated, in a frame whose translated blocks were `lost` so often: as
 * initialHeat of core/code-cache.ts.
 */
export function entriesUntilTranslated(
  threshold: number,
  lost: number,
  instructions: number,
): number {
  if (threshold === TRANSLATION_FORCED) return TRANSLATION_FORCED;
  const doublings = Math.floor(lost / REGION_LOSSES_PER_DOUBLING);
  const entries = threshold * 2 ** Math.min(doublings, REGION_DOUBLINGS_MAX);
  const shared = Math.max(instructions, THRESHOLD_BLOCK_INSTRUCTIONS);
  return Math.floor((entries * THRESHOLD_BLOCK_INSTRUCTIONS) / shared);
}

function readUop(view: DataView, at: number, blockRip: bigint, ripBits: number): Uop {
  const end = view.getUint16(at + UOP_START, true) + view.getUint8(at + UOP_LENGTH);
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
    end,
    behind: BigInt.asUintN(ripBits, blockRip + BigInt(end)),
  };
}
