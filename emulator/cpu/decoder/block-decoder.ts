/**
 * Blocks: instructions from RIP to the first one that may leave the straight line, as micro-ops in linear memory.
 * `decode` is what the core calls when it meets code that it has not seen; see FETCH_* and BLOCK_* in the state layout.
 */
import { assert } from '../../base/assert.js';
import type { BlockDescriber } from '../../isa/decoded-instruction.js';
import { NO_ERROR_CODE, VECTOR_GP, VECTOR_UD } from '../../isa/exceptions.js';
import {
  ARENA_NEXT,
  BLOCK_BYTES,
  BLOCK_HEADER_BYTES,
  BLOCK_HOST,
  BLOCK_INSTRUCTIONS,
  BLOCK_INSTRUCTIONS_MAX,
  BLOCK_LENGTH,
  BLOCK_MODE,
  BLOCK_RIP,
  BLOCK_TIMING,
  BLOCK_UOPS,
  BLOCK_UOPS_MAX,
  FETCH_CROSSING,
  FETCH_HOST,
  FETCH_LENGTH,
  FETCH_MODE,
  FETCH_RIP,
  MODE_KEY_SIZE,
} from '../../isa/state-layout.js';
import { Op } from '../../isa/uop.js';
import { INSTRUCTION_BYTES_MAX, DecodeStatus, InstructionDecoder } from './instruction-decoder.js';
import { UopWriter } from './uop-writer.js';

/** No instruction has more micro-ops than this. */
const INSTRUCTION_UOPS_MAX = 12;
const BLOCK_ALIGNMENT_BYTES = 64;
const DESCRIPTION_ALIGNMENT_BYTES = 16;

/** Where a debugger of the host's wants to stop. */
export interface CodeBreakpoints {
  readonly any: boolean;
  /** Whether the run ends before the instruction at `rip`, whose bytes `code` begins with: it then is one that this processor does not have. */
  stopsAt(rip: bigint, code: Uint8Array, is16: boolean): boolean;
  /** Hears of each block that is decoded, without the instruction before which a run ends. */
  readonly decoded: ((rip: bigint, lengthBytes: number) => void) | null;
}

export class BlockDecoder {
  readonly instructions = new InstructionDecoder();
  private readonly writer = new UopWriter(this.instructions);
  private buffer: ArrayBufferLike | null = null;
  private bytes: Uint8Array = new Uint8Array(0);
  private words: Int32Array = new Int32Array(0);
  private readonly formNumbers = new Int32Array(BLOCK_INSTRUCTIONS_MAX);
  /** Of the block, up to the instruction before which the run ends. */
  private decodedBytes = 0;

  /**
   * `memory`: the linear memory; its `buffer` may be replaced (by growth) between calls. `describer`: writes a record of its own behind each
   * block, whose address goes into BLOCK_TIMING. `breakpoints`: instructions before which a run ends.
   */
  constructor(
    private readonly memory: { readonly buffer: ArrayBufferLike },
    private readonly describer: BlockDescriber | null = null,
    private readonly breakpoints: CodeBreakpoints | null = null,
  ) {}

  /**
   * Decodes the block at FETCH_RIP and writes it at ARENA_NEXT. Returns its size in bytes, a multiple of 64; 0 when the
   * first instruction needs bytes beyond FETCH_LENGTH. The caller has room for the largest block.
   */
  decode(): number {
    if (this.memory.buffer !== this.buffer) this.refreshViews();
    const words = this.words;
    const host = words[FETCH_HOST >> 2] ?? 0;
    const end = (host >>> 0) + (words[FETCH_LENGTH >> 2] ?? 0);
    const modeKey = words[FETCH_MODE >> 2] ?? 0;
    const crossing = words[FETCH_CROSSING >> 2] !== 0;
    const block = words[ARENA_NEXT >> 2] ?? 0;
    this.writer.begin(words, block + BLOCK_HEADER_BYTES, {
      ripLow: words[FETCH_RIP >> 2] ?? 0,
      ripHigh: words[(FETCH_RIP >> 2) + 1] ?? 0,
      mode: modeKey & MODE_KEY_SIZE,
    });
    this.describer?.begin(this.writer.ripLow, this.writer.ripHigh);
    const count = this.decodeInstructions(host >>> 0, end, modeKey, crossing);
    if (count === 0) return 0;
    this.breakpoints?.decoded?.(this.firstRip, this.decodedBytes);
    return this.finish(block, host, modeKey, count);
  }

  /** Number of instructions decoded. */
  private decodeInstructions(
    host: number,
    end: number,
    modeKey: number,
    crossing: boolean,
  ): number {
    const { instructions, writer } = this;
    const countMax = crossing ? 1 : BLOCK_INSTRUCTIONS_MAX;
    let count = 0;
    let at = host;
    while (count < countMax && writer.count + INSTRUCTION_UOPS_MAX < BLOCK_UOPS_MAX) {
      const status =
        at < end ? instructions.decode(this.bytes, at, end, modeKey) : DecodeStatus.Incomplete;
      if (status === DecodeStatus.Incomplete) {
        if (count === 0) {
          const bytes = end - host;
          assert(
            !crossing || bytes <= INSTRUCTION_BYTES_MAX,
            `an instruction of more than ${bytes} bytes at the crossing window`,
          );
          return 0;
        }
        break;
      }
      const length = instructions.length;
      writer.instruction(count, at - host, length);
      this.decodedBytes = at - host;
      let ends = true;
      const stops = this.stopsAt(at - host, at, end, modeKey);
      if (!stops) this.decodedBytes += length;
      if (stops) writer.plain(Op.Unimplemented);
      else if (status === DecodeStatus.Complete) ends = writer.lower();
      else if (status === DecodeStatus.Undefined) writer.raise(VECTOR_UD, NO_ERROR_CODE);
      else writer.raise(VECTOR_GP, 0);
      this.formNumbers[count] = instructions.formNumber | (length << 24);
      this.describer?.instruction(instructions, at - host);
      count++;
      at += length;
      if (ends) return count;
    }
    writer.instruction(count, at - host, 0);
    writer.plain(Op.EndBlock);
    return count;
  }

  private stopsAt(offset: number, at: number, end: number, modeKey: number): boolean {
    const { breakpoints } = this;
    if (breakpoints?.any !== true) return false;
    const is16 = (modeKey & MODE_KEY_SIZE) === 0;
    return breakpoints.stopsAt(this.firstRip + BigInt(offset), this.bytes.subarray(at, end), is16);
  }

  private get firstRip(): bigint {
    const { ripHigh, ripLow } = this.writer;
    return (BigInt(ripHigh >>> 0) << 32n) | BigInt(ripLow >>> 0);
  }

  private finish(block: number, host: number, modeKey: number, count: number): number {
    const { words, writer } = this;
    const header = block >> 2;
    words.fill(0, header, header + (BLOCK_HEADER_BYTES >> 2));
    words[header + (BLOCK_RIP >> 2)] = writer.ripLow;
    words[header + (BLOCK_RIP >> 2) + 1] = writer.ripHigh;
    words[header + (BLOCK_HOST >> 2)] = host;
    words[header + (BLOCK_MODE >> 2)] = modeKey;
    words[header + (BLOCK_INSTRUCTIONS >> 2)] = count;
    words[header + (BLOCK_LENGTH >> 2)] = writer.lengthBytes;
    words[header + (BLOCK_UOPS >> 2)] = writer.count;
    const list = writer.end >> 2;
    for (let i = 0; i < count; i++) words[list + i] = this.formNumbers[i] ?? 0;
    let end = writer.end + 4 * count;
    if (this.describer !== null) {
      const at = aligned(end, DESCRIPTION_ALIGNMENT_BYTES);
      words[header + (BLOCK_TIMING >> 2)] = at;
      end = at + this.describer.write(words, at);
    }
    const size = aligned(end, BLOCK_ALIGNMENT_BYTES) - block;
    words[header + (BLOCK_BYTES >> 2)] = size;
    return size;
  }

  private refreshViews(): void {
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.words = new Int32Array(this.buffer);
  }
}

function aligned(address: number, alignment: number): number {
  return (address + alignment - 1) & -alignment;
}
