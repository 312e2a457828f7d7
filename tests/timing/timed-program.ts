/** A program under a timing engine, run in pieces, with the memo or without. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachTiming, AttachTranslator } from '../../emulator/cpu/core-module.js';
import type { ExitReason } from '../../emulator/isa/state-layout.js';
import type { CoreModel } from '../../emulator/timing/core-model.js';
import { MEMO_END, MEMO_WORDS, MemoWord } from '../../emulator/timing/memo-layout.js';
import { TimingEngine } from '../../emulator/timing/timing-engine.js';
import { GuestMachine, type Bits } from '../instructions/guest-machine.js';
import { projectRoot } from '../cli/s7x.js';

const LITTLE_ROOM_BYTES = 40_000;

export class TimedProgram {
  readonly engine: TimingEngine;
  private readonly machine: GuestMachine;
  private memory: { readonly buffer: ArrayBuffer } = { buffer: new ArrayBuffer(0) };

  constructor(
    private readonly model: CoreModel,
    private readonly source: string,
    private readonly remembers: boolean,
    private readonly bits: Bits = 64,
    private readonly translator: AttachTranslator | null = null,
  ) {
    const path = join(projectRoot, `dist/emulator/timing/engine-${model.name}.wasm`);
    this.engine = new TimingEngine(readFileSync(path), model, [], { remembers });
    const host = { timeStamp: (): bigint => BigInt(this.engine.nowCycles) };
    const attach: AttachTiming = (memory, walk) => {
      this.memory = memory;
      return this.engine.attach(memory, walk);
    };
    this.machine = new GuestMachine(bits, `${source}\nhlt`, host, attach, translator);
  }

  /** Null where the program's own HLT was the last, else which vector's handler has halted. */
  get vector(): number | null {
    return this.machine.vector;
  }

  /** Executes so many instructions, or up to HLT, after `wait` cycles in which nothing is executed. */
  run(instructions: number, wait: number): ExitReason {
    if (wait > 0) this.engine.wait(wait);
    return this.machine.processor.run(instructions);
  }

  /** The memo has room for a few steps more. */
  leaveLittleRoom(): void {
    const view = new DataView(this.memory.buffer);
    const at = MEMO_WORDS + 4 * MemoWord.ArenaNext;
    const next = Math.max(view.getUint32(at, true), MEMO_END - LITTLE_ROOM_BYTES);
    view.setUint32(at, next, true);
  }

  /** Another one of the same source, restored to the present state: it goes on. */
  continued(): TimedProgram {
    // First: it puts into the memory what the engine remembers.
    const engine = this.engine.snapshot();
    const { state, memory } = this.machine.processor.snapshot();
    const runs = memory.map(({ address, bytes }) => ({ address, bytes: bytes.slice() }));
    const program = new TimedProgram(
      this.model,
      this.source,
      this.remembers,
      this.bits,
      this.translator,
    );
    program.machine.processor.restore(state, runs);
    program.engine.restore(engine);
    return program;
  }

  /** Time, counters and the processor's state. */
  figures(): object {
    const { engine, machine } = this;
    const { processor } = machine;
    return {
      cycles: engine.nowCycles,
      counters: engine.counters(),
      retired: processor.retired,
      rip: processor.rip,
      hash: processor.hash(''),
    };
  }
}
