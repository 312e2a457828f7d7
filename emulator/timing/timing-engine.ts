/**
 * The timing engine's host side: an instance of its WebAssembly module on the processor's memory, its parameters, its
 * counters. The processor's core calls the instance directly (isa/timing-interface.ts).
 */
import { assert } from '../base/assert.js';
import { ModuleGlobals, type ModuleGlobalValues } from '../base/module-globals.js';
import { webAssembly, type WasmMemory } from '../base/web-assembly.js';
import { TIMING_COUNTERS, TIMING_DEADLINE, TIMING_NOW } from '../isa/state-layout.js';
import { TimingDescriber } from './block-describer.js';
import type { CoreModel } from './core-model.js';
import { TimingCounter } from './counters.js';
import * as layout from './engine-layout.js';
import { Parameter, PARAMETERS } from './engine-layout.js';
import { MEMO_WORDS, MemoWord } from './memo-layout.js';
import { parameterChecksum } from './parameter-checksum.js';

interface EngineExports {
  advance(block: number, from: number, to: number): void;
  leave(block: number, from: number, to: number, nextRip: bigint): number;
  systemEvent(kind: number, detail: bigint): void;
  builtFor(): number;
  reset(): void;
  wait(cycles: bigint): void;
  /** Puts back what the engine remembers instead: its memory and its variables are then the pipeline's state. */
  settle(): void;
  settleCounters(): void;
  forgetMemo(): void;
  setMemo(on: number): void;
  waitingRecord(): number;
  moveWaitingRecord(to: number): void;
  startProfile(): void;
  callTreeFunction(address: bigint, isRoot: number): void;
  callTreeObserve(): void;
}

/** What the engine's part of the memory does not have. */
export interface TimingEngineState {
  readonly globals: ModuleGlobalValues;
  /** The record of the instruction that waits for its branch, byte by byte; null: none does. */
  readonly waiting: readonly number[] | null;
}

export interface EngineOptions {
  /** Whether the engine remembers the pipeline's steps: it is faster then, and its cycles are the same. */
  readonly remembers: boolean;
}

export interface MemoCounts {
  readonly known: number;
  /** Known, but for what was met. */
  readonly strayed: number;
  readonly unknown: number;
  readonly forgotten: number;
}

/** RAM of another node than the processor's. */
export interface RemoteMemory {
  readonly base: bigint;
  readonly end: bigint;
  /** As in the SLIT: 10 is the distance of the processor's own memory, 20 twice as far. */
  readonly distance: number;
}

const DISTANCE_LOCAL = 10;
const LINE_BITS = 6n;

/** The call tree, as its host has it. */
export interface CallTreeFunctions {
  /** Tells where a function begins; a root is one that nothing returns from. */
  callTreeFunction(address: bigint, isRoot: number): void;
  /** Has the observer hear of changes from now on. */
  callTreeObserve(): void;
}

/** Hears of each change of the shadow stack: so many frames, the number of the node on top, whether that frame ends with an IRET, cycles charged so far. */
export type StackObserver = (
  frames: number,
  node: number,
  isInterrupt: number,
  cycles: number,
) => void;

export type CounterName = Exclude<keyof typeof TimingCounter, 'Count'>;

const NEVER_HALF = 0xffff_ffff;

export class TimingEngine {
  private exports: EngineExports | null = null;
  private globals: ModuleGlobals | null = null;
  private view = new DataView(new ArrayBuffer(0));
  /** Over the same buffer as `view`: its length becomes 0 when the memory grows and takes the buffer away. */
  private bytes = new Uint8Array(0);
  private memory: WasmMemory | null = null;
  private stackObserver: StackObserver | null = null;

  /** `wasm`: the engine, built by scripts/build-engine.ts for this model or for any. */
  constructor(
    private readonly wasm: Uint8Array,
    private readonly model: CoreModel,
    private readonly remoteMemory: readonly RemoteMemory[] = [],
    private readonly options: EngineOptions = { remembers: true },
  ) {}

  /** Makes the instance on the core's memory; what the processor needs of it. */
  readonly attach = (
    memory: WasmMemory,
    walk: (linear: bigint) => void,
  ): { readonly imports: EngineExports; readonly describer: TimingDescriber } => {
    this.memory = memory;
    const module = new webAssembly.Module(this.wasm);
    const instance = new webAssembly.Instance(module, {
      env: { memory },
      processor: { walk },
      observer: {
        changed: (...change: Parameters<StackObserver>) => this.stackObserver?.(...change),
      },
    });
    this.exports = instance.exports as unknown as EngineExports;
    this.globals = new ModuleGlobals(instance.exports);
    const builtFor = this.exports.builtFor() >>> 0;
    assert(
      builtFor === 0 || builtFor === parameterChecksum(this.model),
      `an engine that was built for other parameters than those of ${this.model.name}`,
    );
    for (const [name, { value }] of Object.entries(this.model.parameters)) {
      const number = Parameter[name as keyof typeof Parameter];
      this.words.setUint32(PARAMETERS + 4 * number, value, true);
    }
    this.writeRemoteMemory();
    this.exports.reset();
    this.exports.setMemo(this.options.remembers ? 1 : 0);
    this.setDeadline(null);
    return { imports: this.exports, describer: new TimingDescriber(this.model) };
  };

  /** Cycles since power-on, as of the last instruction that the engine has heard of. */
  get nowCycles(): number {
    const { words } = this;
    return words.getUint32(TIMING_NOW + 4, true) * 2 ** 32 + words.getUint32(TIMING_NOW, true);
  }

  /** The run ends where `cycle` has come; null: never. */
  setDeadline(cycle: number | null): void {
    // In halves: a bigint at every port access is a piece of garbage at every port access.
    const { words } = this;
    words.setUint32(TIMING_DEADLINE, cycle ?? NEVER_HALF, true);
    words.setUint32(TIMING_DEADLINE + 4, cycle === null ? NEVER_HALF : cycle / 2 ** 32, true);
  }

  /** Lets time pass without instructions. */
  wait(cycles: number): void {
    assert(this.exports !== null, 'the engine is attached');
    this.exports.wait(BigInt(cycles));
  }

  /** Charges functions with cycles from now on, in the call tree (call-tree-layout.ts). */
  startProfile(observer: StackObserver | null): CallTreeFunctions {
    assert(this.exports !== null, 'the engine is attached');
    this.stackObserver = observer;
    this.exports.startProfile();
    return this.exports;
  }

  snapshot(): TimingEngineState {
    const { exports, globals, memory } = this;
    assert(exports !== null && globals !== null && memory !== null, 'the engine is attached');
    exports.settle();
    exports.settleCounters();
    const at = exports.waitingRecord() >>> 0;
    const record = at === 0 ? null : [...new Uint8Array(memory.buffer, at, layout.RECORD_BYTES)];
    return { globals: globals.snapshot(), waiting: record };
  }

  /** The memory, which the processor restores, has its contents already. */
  restore({ globals, waiting }: TimingEngineState): void {
    assert(this.exports !== null && this.memory !== null, 'the engine is attached');
    this.globals?.restore(globals);
    this.exports.forgetMemo();
    if (waiting === null) return;
    assert(waiting.length === layout.RECORD_BYTES, 'a record of the length that records have');
    new Uint8Array(this.memory.buffer).set(waiting, layout.WAITING_RECORD);
    this.exports.moveWaitingRecord(layout.WAITING_RECORD);
  }

  /** How often a step of the pipeline was known, or not, since power-on; how often all was forgotten because there was no more room. */
  memoCounts(): MemoCounts {
    const word = (number: MemoWord): number => this.words.getUint32(MEMO_WORDS + 4 * number, true);
    return {
      known: word(MemoWord.Known),
      strayed: word(MemoWord.Strayed),
      unknown: word(MemoWord.Unknown),
      forgotten: word(MemoWord.Forgotten),
    };
  }

  counters(): Record<CounterName, number> {
    const counts: Partial<Record<CounterName, number>> = {};
    this.exports?.settleCounters();
    for (let number = 0; number < (TimingCounter.Count as number); number++) {
      const name = TimingCounter[number] as CounterName;
      counts[name] = Number(this.words.getBigUint64(TIMING_COUNTERS + 8 * number, true));
    }
    return counts as Record<CounterName, number>;
  }

  /** Latency grows with the distance, as the ACPI specification defines it ("System Locality Information Table"). */
  private writeRemoteMemory(): void {
    const { words, remoteMemory, model } = this;
    assert(
      remoteMemory.length <= layout.REMOTE_RANGES_MAX,
      'more ranges of remote memory than there is room for',
    );
    words.setBigUint64(layout.REMOTE_MEMORY, BigInt(remoteMemory.length), true);
    remoteMemory.forEach(({ base, end, distance }, number) => {
      const at = layout.REMOTE_RANGES + number * layout.REMOTE_RANGE_BYTES;
      const latency = Math.round((model.parameters.DramLatency.value * distance) / DISTANCE_LOCAL);
      words.setBigUint64(at, base >> LINE_BITS, true);
      words.setBigUint64(at + 8, end >> LINE_BITS, true);
      words.setBigUint64(at + 16, BigInt(latency), true);
    });
  }

  /**
   * The memory, whose buffer is replaced when it grows. Asking for the buffer is a call out of optimised code: a stale view is told by
   * its length instead.
   */
  private get words(): DataView {
    if (this.bytes.length === 0) {
      assert(this.memory !== null, 'the engine is attached');
      this.view = new DataView(this.memory.buffer);
      this.bytes = new Uint8Array(this.memory.buffer);
    }
    return this.view;
  }
}
