/** `trace.json`: what `--trace` has recorded, with names; what reports make of it are other files. */
import type { PortAccess } from '../../machine/run-trace.js';
import { optional, orNull } from '../document-shape.js';

export const TRACE_SCHEMA = 'https://system7x.dev/schema/trace-1.json';

export interface TraceFile {
  readonly schema: string;
  /** As `--trace` named them. */
  readonly categories: readonly string[];
  readonly coreHz: number;
  /** Of the whole run. */
  readonly cycles: number;
  /** Where the recording begins, if not with the run. */
  readonly beginCycle?: number;
  /** Where the recording ends before the run does, or null. */
  readonly endCycle: number | null;
  readonly functions: readonly string[];
  /** The shadow stack after each change; `name` is a number of `functions`. */
  readonly stack: readonly (readonly [
    cycle: number,
    frames: number,
    name: number,
    isInterrupt: number,
  ])[];
  readonly ports: readonly PortAccess[];
  /** Lines of COM1, each with the cycle of its first character. */
  readonly lines: readonly (readonly [cycle: number, text: string])[];
}

/** `from` is in it, `to` is not. */
export interface CycleSpan {
  readonly from: number;
  readonly to: number;
}

export const TRACE_SHAPE = {
  categories: [''],
  coreHz: 0,
  cycles: 0,
  beginCycle: optional(0),
  endCycle: orNull(0),
  functions: [''],
  stack: [[0, 0, 0, 0]],
  ports: [[0, 0, 0, 0, 0]],
  lines: [[0, '']],
};
