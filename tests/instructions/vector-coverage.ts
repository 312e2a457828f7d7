/** Which instruction forms and micro-operations the vectors exercise, as our decoder reads their bytes. */
import { BlockDecoder } from '../../emulator/cpu/decoder/block-decoder.js';
import type { InstructionForm } from '../../emulator/isa/form.js';
import { instructionForms } from '../../emulator/isa/instruction-set.js';
import {
  ARENA_NEXT,
  BLOCK_HEADER_BYTES,
  BLOCK_UOPS,
  FETCH_CROSSING,
  FETCH_HOST,
  FETCH_LENGTH,
  FETCH_MODE,
  FETCH_RIP,
  MODE_KEY_LONG,
  MODE_KEY_USER,
} from '../../emulator/isa/state-layout.js';
import { Op, UOP_OP, UOP_SIZE_BYTES } from '../../emulator/isa/uop.js';

const MODE_KEY = 2 | MODE_KEY_USER | MODE_KEY_LONG;
const FETCH_ADDRESS = 0x8000;
const BLOCK_ADDRESS = 0x1_0000;
const MEMORY_BYTES = 0x2_0000;

export class VectorCoverage {
  readonly ops = new Set<Op>();
  /** By form number: whether it was seen with registers, and with a memory operand. */
  readonly forms = new Map<number, { register: number; memory: number }>();
  private readonly buffer = new ArrayBuffer(MEMORY_BYTES);
  private readonly view = new DataView(this.buffer);
  private readonly decoder = new BlockDecoder({ buffer: this.buffer });

  /** Notes an instruction that has `caseCount` vectors. */
  add(bytes: Uint8Array, caseCount: number): void {
    const { view, decoder } = this;
    new Uint8Array(this.buffer, FETCH_ADDRESS, bytes.length).set(bytes);
    view.setUint32(FETCH_HOST, FETCH_ADDRESS, true);
    view.setUint32(FETCH_LENGTH, bytes.length, true);
    view.setBigUint64(FETCH_RIP, 0n, true);
    view.setUint32(FETCH_MODE, MODE_KEY, true);
    view.setUint32(FETCH_CROSSING, 0, true);
    view.setUint32(ARENA_NEXT, BLOCK_ADDRESS, true);
    if (decoder.decode() === 0) return; // not a whole instruction
    const uops = view.getUint32(BLOCK_ADDRESS + BLOCK_UOPS, true);
    for (let i = 0; i < uops; i += 1) {
      const uop = BLOCK_ADDRESS + BLOCK_HEADER_BYTES + i * UOP_SIZE_BYTES;
      this.ops.add(view.getUint16(uop + UOP_OP, true));
    }
    const formNumber =
      view.getUint32(BLOCK_ADDRESS + BLOCK_HEADER_BYTES + uops * UOP_SIZE_BYTES, true) & 0xff_ffff;
    const seen = this.forms.get(formNumber) ?? { register: 0, memory: 0 };
    this.forms.set(formNumber, seen);
    if (decoder.instructions.inMemory) seen.memory += caseCount;
    else seen.register += caseCount;
  }

  missingForms(): InstructionForm[] {
    return instructionForms().filter((form) => form.valid64 && !this.forms.has(form.number));
  }

  missingOps(): string[] {
    const names: string[] = [];
    for (let op: Op = 0; op < Op.Count; op += 1) if (!this.ops.has(op)) names.push(Op[op] ?? '');
    return names;
  }
}
