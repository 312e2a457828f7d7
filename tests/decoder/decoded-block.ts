/** A BlockDecoder over a memory of its own, and its blocks as text: one line per micro-op. */
import { BlockDecoder } from '../../emulator/cpu/decoder/block-decoder.js';
import {
  ARENA_NEXT,
  BLOCK_HEADER_BYTES,
  BLOCK_INSTRUCTIONS,
  BLOCK_LENGTH,
  BLOCK_UOPS,
  CODE_ARENA,
  FETCH_CROSSING,
  FETCH_HOST,
  FETCH_LENGTH,
  FETCH_MODE,
  FETCH_RIP,
  FRAMES,
  REGISTERS,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
} from '../../emulator/isa/state-layout.js';
import {
  Door,
  Op,
  Segment,
  SLOT_T0,
  SLOT_V0,
  SLOT_ZERO,
  UOP_A,
  UOP_B,
  UOP_CHECK_LIMIT,
  UOP_DST,
  UOP_EXTRA,
  UOP_FLAGS,
  UOP_IMM,
  UOP_INDEX,
  UOP_LENGTH,
  UOP_LOCKED,
  UOP_OP,
  UOP_SCALE,
  UOP_SIZE_BYTES,
  UOP_START,
} from '../../emulator/isa/uop.js';

export interface FetchOptions {
  readonly modeKey: number;
  readonly rip?: bigint;
  readonly crossing?: boolean;
}

export interface DecodedBlock {
  /** Bytes written to the arena; 0 when the first instruction is incomplete. */
  readonly sizeBytes: number;
  readonly instructions: number;
  readonly lengthBytes: number;
  /** `Add64 rax, rax, rbx`, with the parts that are not zero: see `line`. */
  readonly lines: readonly string[];
  /** Of each micro-op: instruction's index, its offset and length. */
  readonly places: readonly string[];
  readonly formNumbers: readonly number[];
}

const NAMES = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
];

function vectorName(offset: number): string {
  const slot = Math.trunc(offset / VECTOR_REGISTER_BYTES);
  const name = slot >= SLOT_V0 ? `V${slot - SLOT_V0}` : `xmm${slot}`;
  return offset % VECTOR_REGISTER_BYTES === 8 ? `${name}.high` : name;
}

function operandName(address: number, own: number): string {
  if (address === own) return 'imm';
  if (address >= VECTOR_REGISTERS) return vectorName(address - VECTOR_REGISTERS);
  const slot = (address - REGISTERS) >> 3;
  const name =
    slot === SLOT_ZERO ? 'zero' : slot >= SLOT_T0 ? `T${slot - SLOT_T0}` : (NAMES[slot] ?? '?');
  return (address & 7) === 1 ? `${name}.high` : name;
}

export class DecoderBench {
  private readonly memory = { buffer: new ArrayBuffer(FRAMES + 0x2000) };
  private view = new DataView(this.memory.buffer);
  readonly decoder = new BlockDecoder(this.memory);

  /** Replaces the memory's buffer, as growing a WebAssembly.Memory does; the old one is emptied. */
  grow(): void {
    const larger = new ArrayBuffer(this.memory.buffer.byteLength + 0x1_0000);
    new Uint8Array(larger).set(new Uint8Array(this.memory.buffer));
    new Uint8Array(this.memory.buffer).fill(0);
    this.memory.buffer = larger;
    this.view = new DataView(larger);
  }

  decode(
    bytes: readonly number[],
    { modeKey, rip = 0x1000n, crossing = false }: FetchOptions,
  ): DecodedBlock {
    const { view } = this;
    new Uint8Array(this.memory.buffer).set(bytes, FRAMES);
    view.setUint32(FETCH_HOST, FRAMES, true);
    view.setUint32(FETCH_LENGTH, bytes.length, true);
    view.setBigUint64(FETCH_RIP, rip, true);
    view.setUint32(FETCH_MODE, modeKey, true);
    view.setUint32(FETCH_CROSSING, crossing ? 1 : 0, true);
    view.setUint32(ARENA_NEXT, CODE_ARENA, true);
    const sizeBytes = this.decoder.decode();
    const instructions = view.getUint32(CODE_ARENA + BLOCK_INSTRUCTIONS, true);
    const count = sizeBytes === 0 ? 0 : view.getUint32(CODE_ARENA + BLOCK_UOPS, true);
    const uops = Array.from(
      { length: count },
      (_, i) => CODE_ARENA + BLOCK_HEADER_BYTES + i * UOP_SIZE_BYTES,
    );
    const list = CODE_ARENA + BLOCK_HEADER_BYTES + count * UOP_SIZE_BYTES;
    return {
      sizeBytes,
      instructions,
      lengthBytes: view.getUint32(CODE_ARENA + BLOCK_LENGTH, true),
      lines: uops.map((uop) => this.line(uop)),
      places: uops.map(
        (uop) =>
          `${view.getUint8(uop + UOP_INDEX)}: ${view.getUint16(uop + UOP_START, true)}+${view.getUint8(uop + UOP_LENGTH)}`,
      ),
      formNumbers: Array.from({ length: instructions }, (_, i) =>
        view.getUint32(list + 4 * i, true),
      ),
    };
  }

  /** `Load32 T0 [rbx+rcx*4+0x10]`, `Add64 rax, rax, imm #5`, `LoadSegment8 T0 T7 ds`, `MicrocodeEnd Hlt`. */
  private line(uop: number): string {
    const { view } = this;
    const op = view.getUint16(uop + UOP_OP, true) as Op;
    const name = (at: number): string => operandName(view.getUint32(uop + at, true), uop + UOP_IMM);
    const has = (at: number): boolean => view.getUint32(uop + at, true) !== 0;
    const imm = view.getBigInt64(uop + UOP_IMM, true);
    const extra = view.getUint32(uop + UOP_EXTRA, true);
    const flags = view.getUint8(uop + UOP_FLAGS);
    const scale = view.getUint8(uop + UOP_SCALE);
    const isDoor = op === Op.Microcode || op === Op.MicrocodeEnd;
    const isSegmented = op >= Op.LoadSegment8 && op <= Op.StoreSegmentAligned128;
    const parts = [Op[op] ?? String(op)];
    if (isDoor) parts.push(Door[extra] ?? String(extra));
    parts.push(...[UOP_DST, UOP_A, UOP_B].filter(has).map(name));
    if (scale !== 0) parts.push(`*${1 << scale}`);
    if (imm !== 0n) parts.push(`#${imm < 0n ? '-' : ''}0x${(imm < 0n ? -imm : imm).toString(16)}`);
    if (isSegmented) parts.push(Segment[extra] ?? String(extra));
    else if (!isDoor && extra !== 0)
      parts.push(
        extra >= REGISTERS && extra < 0x8000_0000 ? `extra ${name(UOP_EXTRA)}` : `extra ${extra}`,
      );
    if ((flags & UOP_LOCKED) !== 0) parts.push('LOCK');
    if ((flags & UOP_CHECK_LIMIT) !== 0) parts.push('CHECK_LIMIT');
    return parts.join(' ');
  }
}

/** `'48 01 d8'` as bytes. */
export function hex(text: string): number[] {
  return text.split(' ').map((byte) => parseInt(byte, 16));
}
