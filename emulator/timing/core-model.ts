/**
 * What a data file under cores/ says of one microarchitecture: parameters of the engine and one row for each group of
 * instruction forms that behave alike. Every row and parameter names its source; a figure that is an estimate says so.
 */
import type { InstructionKind, Parameter } from './engine-layout.js';

export type ParameterName = Exclude<keyof typeof Parameter, 'Count'>;

/** A parameter's value with where it comes from. */
export interface Figure {
  readonly value: number;
  readonly source: string;
  /** Not measured and not cited: an engineer's guess. */
  readonly estimate?: boolean;
}

/** How the forms of a row behave. Latencies and occupancies are cycles of the core clock. */
export interface TimingRow {
  /** Mnemonics of the SDM, separated by blanks; `*` at the end stands for any ending. */
  readonly mnemonics: string;
  /** Only with an operand in memory, or only without one. */
  readonly operand?: 'memory' | 'register';
  /** Only with one of these widths of the first operand, in bits. */
  readonly widths?: readonly number[];
  /** Only forms whose syntax matches. */
  readonly syntax?: RegExp;
  /** LEA: only where the address has three parts, or a factor. */
  readonly address?: 'complex';
  /** Only where a register operand is RSP. */
  readonly stackPointer?: true;
  readonly kind?: keyof typeof InstructionKind;
  /** The load or the store is all that there is: no operation beside it. */
  readonly move?: boolean;
  /** A register move that renaming carries out. */
  readonly eliminated?: boolean;
  /** With twice the same register the result does not depend on it, and no operation is needed. */
  readonly zeroIdiom?: boolean;
  /** With twice the same register the result does not depend on it; the operation is carried out. */
  readonly breaksDependency?: boolean;
  /** The rest of the destination is kept, but its old value is not waited for. */
  readonly replaces?: boolean;
  /** Macro-ops; 1 when absent. */
  readonly slots?: number;
  /** Names of port groups of the core; none: no port. */
  readonly ports?: string;
  readonly latency?: number;
  /** Cycles later than `latency` at which the second register result is there. */
  readonly latencySecond?: number;
  readonly occupancy?: number;
  /** A load's data takes so many cycles more on its way. */
  readonly loadExtra?: number;
  /** Cycles for which the microcode sequencer holds the front end. */
  readonly microcode?: number;
  /** Cycles of a serialising instruction, a fence, or the start of a repeated string instruction. */
  readonly cost?: number;
  /** Latency grows with the significant bits of the quotient. */
  readonly byValue?: boolean;
  /** Slots of the op cache; 1 for each macro-op when absent. */
  readonly opCacheSlots?: number;
  /** Registers that are read, written although the syntax does not name them. */
  readonly reads?: string;
  readonly writes?: string;
  readonly source: string;
  readonly estimate?: boolean;
}

export interface CoreModel {
  readonly name: string;
  /** The processor that the figures belong to. */
  readonly processor: string;
  readonly coreHz: number;
  /** Cycles of the core clock in one tick of the time-stamp counter, as a ratio: the TSC's frequency. */
  readonly tscHz: number;
  readonly parameters: Readonly<Record<ParameterName, Figure>>;
  /** Masks of ports by name of the group. */
  readonly ports: Readonly<Record<string, number>>;
  /** The first row that fits counts. */
  readonly rows: readonly TimingRow[];
}
