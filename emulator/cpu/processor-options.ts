/** What a processor is made of and with. */
import type { PageUse } from '../isa/state-layout.js';
import type { AttachTiming, AttachTranslator } from './core-module.js';
import type { ProcessorTraceCategory, TraceValues } from './processor-trace.js';

/** What the processor needs from the machine around it. */
export interface ProcessorHost {
  portIn(port: number, widthBytes: 1 | 2 | 4): number;
  portOut(port: number, widthBytes: 1 | 2 | 4, value: number): void;
  /** The time-stamp counter's clock, in its ticks. */
  timeStamp(): bigint;
  trace(category: ProcessorTraceCategory, message: string, values: TraceValues): void;
  /** Pages of RAM are used, for the first time or again. Asked for by being there. */
  pageUsed?(use: PageUse, first: number, count: number): void;
}

export interface ProcessorOptions {
  /** The core, built by scripts/build-core.ts; with `timing` the timed one. */
  readonly wasm: Uint8Array;
  /** Makes the timing engine that the timed core drives. */
  readonly timing?: AttachTiming;
  /** Makes the translator of hot code, for the core without timing. */
  readonly translator?: AttachTranslator;
  readonly host: ProcessorHost;
  /** Storage for guest memory that was touched, in bytes; 0 or absent: as much as there is. */
  readonly residentMaxBytes?: number;
  /** What RAM holds at power-on: eight bytes, repeated. Zero when absent. */
  readonly fillPattern?: bigint;
  /** The categories of events that `host.trace` is called for; all when absent. */
  readonly traceCategories?: ReadonlySet<string>;
}
