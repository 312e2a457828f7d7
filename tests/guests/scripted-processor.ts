/** A processor that plays a script, for tests of what watches one: state, stores and exits as given, step by step. */
import type { Processor } from '../../emulator/cpu/processor.js';
import { ExitReason } from '../../emulator/isa/state-layout.js';

export interface ScriptedStep {
  /** What copyLoopState shows after the step; copyLoopRegisters too, where nothing else is given. */
  readonly state: number;
  readonly registers?: number;
  readonly stores?: boolean;
  readonly exit?: ExitReason;
}

/** Plays `script` over and over, one instruction a step. */
export class ScriptedProcessor {
  readonly loopStateWords = 1;
  readonly loopRegisterWords = 1;
  retired = 0;
  storeSeen = false;
  /** RIP, and it is all that anybody reads there. */
  readonly memory = { u32: (): number => this.state };
  /** Whether stores are watched, and how often watching began. */
  watching = false;
  watchesBegun = 0;
  private state: number;
  private registers: number;

  constructor(
    private readonly script: readonly ScriptedStep[],
    initialState = 0,
  ) {
    this.state = initialState;
    this.registers = initialState;
  }

  /** As the class that the machine uses, of which this has the watched part. */
  get asProcessor(): Processor {
    return this as unknown as Processor;
  }

  run(budget: number): ExitReason {
    for (let count = 0; count < budget; count++) {
      const step = this.script[this.retired % this.script.length];
      if (step === undefined) break;
      this.retired++;
      this.state = step.state;
      this.registers = step.registers ?? step.state;
      if (step.stores === true && this.watching) this.storeSeen = true;
      if (step.exit !== undefined) return step.exit;
    }
    return ExitReason.Budget;
  }

  copyLoopState(into: Uint32Array): void {
    into[0] = this.state;
  }

  copyLoopRegisters(into: Uint32Array): void {
    into[0] = this.registers;
  }

  watchStores(on: boolean): void {
    if (on) {
      this.watchesBegun++;
      this.storeSeen = false;
    }
    this.watching = on;
  }
}
