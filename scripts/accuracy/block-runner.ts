/**
 * Runs measured blocks through the decoder, the timed core and a core model, as they were measured: all general registers
 * and every eight bytes of memory hold FILL, RSP and RBP point into the middle of a page, flags are clear, FTZ and DAZ are set,
 * two passes with warm caches, of which the second counts. 64-bit mode without paging, RAM everywhere: any address that a
 * block makes of FILL is there; for the caches the pages lie in frames in no order, as a system hands them out. A straight line of copies comes from the decoders, never from the op cache.
 */
import { readFileSync } from 'node:fs';
import { InvariantViolation } from '../../emulator/base/errors.js';
import type { AttachTiming } from '../../emulator/cpu/core-module.js';
import { Processor } from '../../emulator/cpu/processor.js';
import {
  ExitReason,
  MXCSR,
  TIMING_WALK,
  X87_CONTROL,
  X87_TAGS,
  XCR0,
} from '../../emulator/isa/state-layout.js';
import { WALK_PHYSICAL } from '../../emulator/isa/timing-interface.js';
import type { CoreModel, ParameterName } from '../../emulator/timing/core-model.js';
import { TimingEngine } from '../../emulator/timing/timing-engine.js';
import { GENERAL_REGISTERS, type SegmentName } from '../../emulator/cpu/register-slots.js';
import type { MeasuredBlock } from './measured-blocks.js';
import { FILL, memoryBefore, registersBefore } from './state-before.js';

export type Overrides = ReadonlyMap<ParameterName, number>;

/** Cycles of one copy, or the address offset of the instruction that stopped the block, with the reason. */
export type Outcome =
  | { readonly kind: 'cycles'; readonly cycles: number }
  | { readonly kind: 'uncovered'; readonly offset: number; readonly reason: string };

const CODE = 0x40_0000_0000n;
const PHYSICAL_BYTES = 1n << 52n;
const FTZ_DAZ = 0x9fc0;
/** What FNINIT sets, and a program starts with: all exceptions masked. */
const FCW_INITIAL = 0x37f;
const PAGE_BITS = 12n;
/** Half of a frame's number. */
const HALF_BITS = 20;
/** Odd, so that frames stay apart; the golden ratio spreads neighbours. */
const FRAME_FACTOR = 0x9e_3779_b97fn;
const ENDLESS = 1n << 30n;
const SEGMENT_NAMES: readonly SegmentName[] = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const CODE_64_BIT = 0xa09b;
const DATA = 0xc093;
/** Enough instructions for a steady state where a block touches no more than a page. */
const STRAIGHT_INSTRUCTIONS = 6000;
const LOOP_INSTRUCTIONS = 12000;
/** Copies of a block that touches more pages; fewer when they would not stay in the first-level instruction cache. */
const SPREAD_COPIES = 300;
/** The part of that cache that they may fill. On silicon large blocks, too, run at the decoders' rate. */
const CODE_SHARE = 3 / 4;
const LINE_BYTES = 64;

/** The model with other values of some parameters. */
export function withParameters(model: CoreModel, overrides: Overrides): CoreModel {
  const parameters = { ...model.parameters };
  for (const [name, value] of overrides) {
    parameters[name] = { value, source: 'the command line' };
  }
  return { ...model, parameters };
}

/** One processor with one model, for blocks that were measured in one of the two ways. */
export class BlockRunner {
  private readonly processor: Processor;
  private readonly engine: TimingEngine;
  private resetEngine: () => void = () => undefined;
  /** Bytes of code in a straight line. */
  private readonly codeBytesMax: number;

  /** `binaries`: the folder dist/emulator. */
  constructor(model: CoreModel, mode: 'unrolled' | 'loop', binaries: URL) {
    const { L1iSets, L1iWays } = model.parameters;
    this.codeBytesMax = L1iSets.value * L1iWays.value * LINE_BYTES * CODE_SHARE;
    const decodersOnly: Overrides = new Map([['OpCacheWays', 0]]);
    this.engine = new TimingEngine(
      readFileSync(new URL('timing/engine.wasm', binaries)),
      mode === 'unrolled' ? withParameters(model, decodersOnly) : model,
    );
    const timing: AttachTiming = (memory, walk) => {
      const attachment = this.engine.attach(memory, (linear) => {
        walk(linear);
        scatterFrame(new DataView(memory.buffer));
      });
      this.resetEngine = () => {
        attachment.imports.reset();
      };
      return attachment;
    };
    this.processor = Processor.create({
      wasm: readFileSync(new URL('cpu/core-timed.wasm', binaries)),
      timing,
      host: {
        portIn: () => 0xff,
        portOut: () => undefined,
        timeStamp: () => BigInt(this.engine.nowCycles),
        trace: () => undefined,
      },
      fillPattern: FILL,
      traceCategories: new Set(),
    });
    this.processor.setRamRanges([{ base: 0n, end: PHYSICAL_BYTES, rom: false }]);
  }

  /** `instructions`: how many the block has. */
  measure(block: MeasuredBlock, instructions: number): Outcome {
    const { processor } = this;
    const bytes = Buffer.from(block.hex, 'hex');
    processor.fill(0n, PHYSICAL_BYTES, memoryBefore(block.setup));
    this.resetEngine();
    const unknownBefore = this.engine.counters().UnknownInstructions;
    const shape =
      block.loop === null
        ? straight(block, instructions, { copiesMax: Math.floor(this.codeBytesMax / bytes.length) })
        : loop(block, instructions);
    processor.loadRom(CODE, shape.code(bytes));
    let cycles = 0;
    for (let pass = 0; pass < 2; pass++) {
      this.enter(block);
      const warmUp = this.run(shape.warmUpRounds * shape.instructionsPerRound);
      const start = this.engine.nowCycles;
      const rest = shape.rounds - shape.warmUpRounds;
      const stop = warmUp ?? this.run(rest * shape.instructionsPerRound);
      if (stop !== null) {
        const offset = Number((processor.rip - CODE) % BigInt(bytes.length));
        return { kind: 'uncovered', offset, reason: stop };
      }
      cycles = (this.engine.nowCycles - start) / (rest * shape.copiesPerRound);
    }
    if (this.engine.counters().UnknownInstructions > unknownBefore) {
      return { kind: 'uncovered', offset: 0, reason: 'no row in the model' };
    }
    return { kind: 'cycles', cycles };
  }

  /** Executes that many instructions; null, or why it was not possible. */
  private run(instructions: number): string | null {
    const { processor } = this;
    const end = processor.retired + instructions;
    while (processor.retired < end) {
      const reason = processor.run(end - processor.retired);
      if (reason === ExitReason.Unimplemented) return 'not in the processor';
      if (reason === ExitReason.Shutdown) {
        const [fault] = processor.faultChain();
        if (fault === undefined) throw new InvariantViolation('a shutdown without a fault');
        processor.rip = fault.rip;
        return fault.vector === 6 ? 'not in the decoder' : `exception ${fault.vector}`;
      }
      if (reason === ExitReason.Halt) return 'halts';
    }
    return null;
  }

  private enter(block: MeasuredBlock): void {
    const { processor } = this;
    processor.reset();
    for (const name of SEGMENT_NAMES) {
      processor.setSegment(name, {
        selector: 8,
        base: 0n,
        limit: 0xffff_ffff,
        attributes: name === 'cs' ? CODE_64_BIT : DATA,
        unusable: false,
      });
    }
    processor.setControlRegister('cr0', 0x11n); // PE, ET
    processor.setControlRegister('efer', 0x500n); // LME, LMA
    processor.setControlRegister('cr4', 0x4_0620n); // PAE, OSFXSR, OSXMMEXCPT, OSXSAVE
    processor.memory.setU64(XCR0, 7n); // x87, SSE, AVX
    processor.memory.setU32(MXCSR, FTZ_DAZ);
    processor.memory.setU16(X87_CONTROL, FCW_INITIAL);
    processor.memory.setU32(X87_TAGS, 0);
    processor.rflags = 2n;
    const values = registersBefore(block.setup);
    GENERAL_REGISTERS.forEach((name, number) => {
      processor.setRegister(name, values[number] ?? FILL);
    });
    const counter = block.loop === null ? undefined : GENERAL_REGISTERS[block.loop.register];
    if (counter !== undefined) processor.setRegister(counter, ENDLESS);
    processor.rip = CODE;
  }
}

/** The frame that a walk found becomes one that its number does not tell: a set of the second level is no page's own. */
function scatterFrame(memory: DataView): void {
  const at = TIMING_WALK + WALK_PHYSICAL;
  const frame = memory.getBigUint64(at, true) >> PAGE_BITS;
  const product = BigInt.asUintN(2 * HALF_BITS, frame * FRAME_FACTOR);
  const other =
    (BigInt.asUintN(HALF_BITS, product) << BigInt(HALF_BITS)) | (product >> BigInt(HALF_BITS));
  memory.setBigUint64(at, other << PAGE_BITS, true);
}

/** What is executed in a pass: rounds, of which the first are not timed. */
interface Shape {
  readonly rounds: number;
  readonly warmUpRounds: number;
  readonly instructionsPerRound: number;
  readonly copiesPerRound: number;
  code(block: Buffer): Buffer;
}

/** `copiesMax`: those that stay in the cache. */
function straight(
  block: MeasuredBlock,
  instructions: number,
  { copiesMax }: { readonly copiesMax: number },
): Shape {
  const few = Math.max(40, Math.min(3000, Math.ceil(STRAIGHT_INSTRUCTIONS / instructions)));
  const rounds = block.pages > 1 ? Math.min(SPREAD_COPIES, copiesMax) : few;
  return {
    rounds,
    warmUpRounds: Math.floor(rounds / 3),
    instructionsPerRound: instructions,
    copiesPerRound: 1,
    code: (bytes) => Buffer.concat(Array.from({ length: rounds }, () => bytes)),
  };
}

function loop(block: MeasuredBlock, instructions: number): Shape {
  const copies = block.loop?.copies ?? 1;
  const register = block.loop?.register ?? 0;
  const few = Math.max(30, Math.ceil(LOOP_INSTRUCTIONS / (copies * instructions)));
  const rounds = block.pages > 1 ? 200 : few;
  return {
    rounds,
    warmUpRounds: Math.floor(rounds / 3),
    instructionsPerRound: copies * instructions + 2,
    copiesPerRound: copies,
    code: (bytes) => {
      // DEC r64; JNZ rel32
      const end = Buffer.from([
        register >= 8 ? 0x49 : 0x48,
        0xff,
        0xc8 | (register & 7),
        0x0f,
        0x85,
        0,
        0,
        0,
        0,
      ]);
      end.writeInt32LE(-(copies * bytes.length + end.length), 5);
      return Buffer.concat([...Array.from({ length: copies }, () => bytes), end]);
    },
  };
}
