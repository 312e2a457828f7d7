/**
 * A profile by calling context. The `unit` model has an engine that only charges, driven by the timed core; other models'
 * engines charge as they go.
 */
import type { AttachTiming } from '../cpu/core-module.js';
import { webAssembly } from '../base/web-assembly.js';
import { CALL_TREE } from '../timing/call-tree-layout.js';
import { readCallTree } from '../timing/call-tree-reader.js';
import type { CallTreeFunctions, StackObserver, TimingEngine } from '../timing/timing-engine.js';
import type { ElfSymbol } from './code-symbols.js';
import { nodeNames, profileOf, type Profile } from './profile.js';
import type { SymbolTable } from './symbols.js';

/** What emulator/timing/engine/unit-profiler.ts exports. */
interface ProfilerExports {
  advance(block: number, from: number, to: number): void;
  leave(block: number, from: number, to: number, nextRip: bigint): number;
  systemEvent(kind: number, detail: bigint): void;
  charge(cycles: bigint, instructions: number): void;
  callTreeFunction(address: bigint, isRoot: number): void;
  callTreeObserve(): void;
  reset(): void;
}

export interface ProfiledImage {
  readonly symbols: readonly ElfSymbol[];
  /** Where the firmware jumps to, and nothing returns from. */
  readonly entry: bigint;
}

export class Profiler {
  private engine: ProfilerExports | null = null;

  constructor(
    private readonly wasm: Uint8Array,
    private readonly image: ProfiledImage | null,
    private readonly observer: StackObserver | null = null,
  ) {}

  readonly attach: AttachTiming = (memory) => {
    const module = new webAssembly.Module(this.wasm);
    const instance = new webAssembly.Instance(module, {
      env: { memory },
      observer: { changed: this.observer ?? noop },
    });
    const engine = instance.exports as unknown as ProfilerExports;
    engine.reset();
    this.nameFunctions(engine);
    this.engine = engine;
    return {
      imports: engine,
      describer: { bytesMax: 0, begin: noop, instruction: noop, write: () => 0 },
    };
  };

  /** Has the timing engine of another model charge. */
  observe(engine: TimingEngine): void {
    this.nameFunctions(engine.startProfile(this.observer));
  }

  private nameFunctions(tree: CallTreeFunctions): void {
    for (const { address } of this.image?.symbols ?? []) tree.callTreeFunction(address, 0);
    if (this.image !== null) tree.callTreeFunction(this.image.entry, 1);
    if (this.observer !== null) tree.callTreeObserve();
  }

  /** Cycles and instructions that the core did not execute: they are the running function's. */
  charge(cycles: number, instructions: number): void {
    this.engine?.charge(BigInt(cycles), instructions);
  }

  /** What has been charged so far. */
  profile(
    memory: { u32(address: number): number; u64(address: number): bigint },
    symbols: SymbolTable,
  ): Profile {
    return profileOf(readCallTree(memory, CALL_TREE), symbols);
  }

  /** The functions of the tree's nodes, by number: what the observer's nodes are. */
  nodeNames(
    memory: { u32(address: number): number; u64(address: number): bigint },
    symbols: SymbolTable,
  ): string[] {
    return nodeNames(readCallTree(memory, CALL_TREE), symbols);
  }
}

const noop = (): void => undefined;
