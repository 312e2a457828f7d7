/** What a processor is made of and with. */
import type { PageUse } from '../isa/state-layout.js';
import type { AttachTiming, AttachTranslator } from './core-module.js';
import type { ProcessorTraceCategory, TraceValues } from './processor-trace.js';

export type DeviceWidthBytes = 1 | 2 | 4 | 8;

/** What the processor needs from the machine around it. */
export interface ProcessorHost {
  portIn(port: number, widthBytes: 1 | 2 | 4): number;
  portOut(port: number, widthBytes: 1 | 2 | 4, value: number): void;
  /** Reads the register of a device at a physical address; without this method nobody answers. */
  deviceRead?(address: bigint, widthBytes: DeviceWidthBytes): bigint;
  deviceWrite?(address: bigint, widthBytes: DeviceWidthBytes, value: bigint): void;
  /** A register that the local APIC owns (core/platform-msr.ts); null where there is none: #GP(0). */
  platformRead?(msr: number): bigint | null;
  /** The same, and the time-stamp counter or IA32_APIC_BASE has just been written; false: #GP(0), for the first kind. */
  platformWrite?(msr: number, value: bigint): boolean;
  /** MOV to CR8. */
  writeTaskPriority?(taskPriorityClass: number): void;
  /** The time-stamp counter's clock, in its ticks. */
  timeStamp(): bigint;
  trace(category: ProcessorTraceCategory, message: string, values: TraceValues): void;
  /** Bytes of physical memory are accessed, see `ACCESS_*` in state-layout.ts; what the host stores, too. Asked for by being there. */
  accessed?(address: number, bytes: number, what: number): void;
  /** Pages of RAM are used, for the first time or again. Asked for by being there. */
  pageUsed?(use: PageUse, first: number, count: number): void;
}

export interface ProcessorOptions {
  /** The core, built by scripts/build-core.ts; with `timing` the timed one. */
  readonly wasm: Uint8Array;
  /** Makes the timing engine that the timed core drives. */
  readonly timing?: AttachTiming;
  /** Makes the translator of hot code. */
  readonly translator?: AttachTranslator;
  readonly host: ProcessorHost;
  /** Storage for guest memory that was touched, in bytes; 0 or absent: as much as there is. */
  readonly residentMaxBytes?: number;
  /** What RAM holds at power-on: eight bytes, repeated. Zero when absent. */
  readonly fillPattern?: bigint;
  /** The categories of events that `host.trace` is called for; all when absent. */
  readonly traceCategories?: ReadonlySet<string>;
}
