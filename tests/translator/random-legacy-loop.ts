/**
 * A random loop of 16- or 32-bit code: operands of 8, 16 and 32 bits, segment overrides, pushes and pops of both sizes, a function,
 * LOOP and JCXZ. CX counts passes, SI, DI and BP point into data; AX, DX and BX hold anything.
 */
import type { Scatter } from '../instructions/scatter.js';
import { STRINGS } from './random-loop.js';

const FREE = [0, 2, 3];
const SEGMENT_PREFIXES = [0x26, 0x36, 0x3e, 0x64, 0x65];
type Bytes = number[];

class LegacyWriter {
  constructor(
    private readonly scatter: Scatter,
    private readonly bits: 16 | 32,
  ) {}

  private pick<T>(list: readonly T[]): T {
    const value = list[this.scatter.below(list.length)];
    if (value === undefined) throw new Error('an empty list');
    return value;
  }

  /** The other operand size, sometimes. */
  private get size(): Bytes {
    return this.scatter.below(4) === 0 ? [0x66] : [];
  }

  private registers(opcode: Bytes): Bytes {
    return [...this.size, ...opcode, 0xc0 | (this.pick(FREE) << 3) | this.pick(FREE)];
  }

  /** With an operand at a pointer and a displacement, perhaps in another segment. */
  private memory(opcode: Bytes): Bytes {
    const prefix = this.scatter.below(4) === 0 ? [this.pick(SEGMENT_PREFIXES)] : [];
    const pointer = this.pick(this.bits === 16 ? [4, 5, 6] : [6, 7, 5]);
    const modRm = 0x40 | (this.pick(FREE) << 3) | pointer;
    return [...prefix, ...this.size, ...opcode, modRm, this.scatter.byte()];
  }

  private instruction(): Bytes {
    const arithmetic = (): number => 8 * this.scatter.below(8) + this.scatter.below(4);
    const free = this.pick(FREE);
    switch (this.scatter.below(14)) {
      case 0:
      case 1:
        return this.registers([arithmetic()]);
      case 2:
      case 3:
        return this.memory([arithmetic()]);
      case 4:
        return this.memory([this.pick([0x88, 0x89, 0x8a, 0x8b])]);
      case 5:
        return this.memory([0x0f, this.pick([0xb6, 0xb7, 0xbe, 0xbf])]);
      case 6:
        return [...this.registers([0xc1 - this.scatter.below(2)]), this.scatter.byte()];
      case 7:
        return [...this.size, this.pick([0x40, 0x48]) + free];
      case 8: {
        const size = this.size;
        return [...size, 0x50 + free, ...size, 0x58 + this.pick(FREE)];
      }
      case 9:
        return this.memory([this.pick([0x8d, 0x86, 0x87])]);
      case 10:
        return [0x0f, 0x90 + this.scatter.below(16), 0xc0 | free];
      case 11: {
        // PUSH BP; MOV BP, SP; LEAVE, of the code's size: it is the stack's
        return this.pick([[0x55, 0x89, 0xe5, 0xc9], [0xfc], [0xfd], [0xf3, 0x90]]);
      }
      case 12: {
        const prefix = this.scatter.below(4) === 0 ? [this.pick(SEGMENT_PREFIXES)] : [];
        return [...prefix, ...this.size, this.pick(STRINGS)];
      }
      default:
        return this.registers([0x0f, 0xaf]);
    }
  }

  straight(count: number): Bytes {
    return Array.from({ length: count }, () => this.instruction()).flat();
  }

  /** A distance in a branch that is not short. */
  near(distance: number): Bytes {
    const bytes = [distance & 0xff, (distance >> 8) & 0xff];
    const high = distance < 0 ? 0xff : 0;
    return this.bits === 16 ? bytes : [...bytes, high, high];
  }
}

/** Begins with a jump over the function; ends with HLT. */
export function randomLegacyLoop(scatter: Scatter, bits: 16 | 32): Uint8Array {
  const writer = new LegacyWriter(scatter, bits);
  const drops = scatter.below(2) === 0;
  const word = bits / 8;
  const returns = drops ? [0xc2, word, 0] : [0xc3];
  const callee = [...writer.straight(scatter.below(5)), ...returns];
  const jump = [0xe9, ...writer.near(callee.length)];
  const pass: Bytes = [...writer.straight(1 + scatter.below(5))];
  const skipped = writer.straight(2);
  const branch = scatter.below(3) === 0 ? [0xe3] : [0x70 + scatter.below(16)]; // JCXZ, Jcc
  pass.push(...branch, skipped.length, ...skipped);
  if (drops) pass.push(0x50);
  const here = jump.length + callee.length + pass.length;
  const call = 1 + word;
  pass.push(0xe8, ...writer.near(jump.length - here - call));
  pass.push(...writer.straight(scatter.below(4)));
  if (pass.length < 120 && scatter.below(2) === 0) {
    pass.push(0xe2 - scatter.below(3), -(pass.length + 2) & 0xff); // LOOP, LOOPE, LOOPNE
  } else {
    pass.push(0x49); // DEC CX
    pass.push(0x0f, 0x85, ...writer.near(-(pass.length + 2 + word)));
  }
  return Uint8Array.from([...jump, ...callee, ...pass, 0xf4]);
}
