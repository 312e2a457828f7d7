/**
 * Writes the timing engine's records behind decoded blocks: what each instruction consists of for this core model. What
 * an instruction reads and writes comes from its form and recipe (isa/), how long that takes from the model's rows.
 */
import { assert } from '../base/assert.js';
import type { BlockDescriber, DecodedInstruction } from '../isa/decoded-instruction.js';
import { BLOCK_INSTRUCTIONS_MAX } from '../isa/state-layout.js';
import type { CoreModel } from './core-model.js';
import * as layout from './engine-layout.js';
import { InstructionKind, OperationKind } from './engine-layout.js';
import { FormAnalyses, type FormAnalysis, type RegisterRef } from './form-analysis.js';
import { readyOfSlot } from './ready-registers.js';
import { RecentRecords, RECORD_WORDS } from './recent-records.js';

const START_WORD = layout.RECORD_START >> 2;
/** The first word of a record without start and length. */
const KEPT_OF_START_WORD = 0xff00_0000;

/** Kinds of instructions that the engine's pipeline treats alike. */
const PLAIN_KINDS: ReadonlySet<InstructionKind> = new Set([
  InstructionKind.Normal,
  InstructionKind.ConditionalBranch,
  InstructionKind.Jump,
  InstructionKind.Call,
  InstructionKind.IndirectJump,
  InstructionKind.IndirectCall,
  InstructionKind.Return,
]);
const READ_MODIFY_WRITE = [OperationKind.Load, OperationKind.Execute, OperationKind.Store].join();
const PLAIN_SHAPES: ReadonlyMap<string, number> = new Map([
  [[OperationKind.Execute].join(), layout.SHAPE_EXECUTE],
  [[OperationKind.Load].join(), layout.SHAPE_LOAD],
  [[OperationKind.Store].join(), layout.SHAPE_STORE],
  [[OperationKind.Load, OperationKind.Execute].join(), layout.SHAPE_LOAD_EXECUTE],
  [READ_MODIFY_WRITE, layout.SHAPE_LOAD_EXECUTE_STORE],
]);
const LONG_SHAPES: ReadonlyMap<string, number> = new Map([
  [[OperationKind.Execute].join(), layout.SHAPE_LONG_EXECUTE],
  [[OperationKind.Execute, OperationKind.Store].join(), layout.SHAPE_LONG_EXECUTE_STORE],
  [READ_MODIFY_WRITE, layout.SHAPE_LOAD_EXECUTE_STORE],
]);

/** Behind the records: u32, the block's number among all that were described; with what keeps 8 bytes aligned. */
const SERIAL_BYTES = 8;

/** Records are kept for the next instruction that is equal; so many at most. */
const KEPT_RECORDS_MAX = 8192;

export class TimingDescriber implements BlockDescriber {
  readonly bytesMax = BLOCK_INSTRUCTIONS_MAX * layout.RECORD_BYTES + SERIAL_BYTES;
  private readonly words = new Int32Array(this.bytesMax >> 2);
  private readonly recent = new RecentRecords();
  private readonly analyses: FormAnalyses;
  private readonly kept = new Map<FormAnalysis, Map<number, Int32Array>>();
  private keptCount = 0;
  private count = 0;
  private serial = 0;

  constructor(private readonly model: CoreModel) {
    this.analyses = new FormAnalyses(model);
  }

  begin(): void {
    this.count = 0;
  }

  instruction(decoded: DecodedInstruction, start: number): void {
    assert(this.count < BLOCK_INSTRUCTIONS_MAX, 'a block of too many instructions');
    const { words, recent } = this;
    const at = this.count * RECORD_WORDS;
    let from = recent.find(decoded);
    if (from < 0) from = recent.keep(decoded, this.recordOf(decoded));
    copyWords(recent.words, from, words, at, RECORD_WORDS);
    const place = start | (decoded.length << (8 * layout.RECORD_LENGTH));
    words[at + START_WORD] = ((words[at + START_WORD] ?? 0) & KEPT_OF_START_WORD) | place;
    this.count++;
  }

  /** The record without start and length. */
  private recordOf(decoded: DecodedInstruction): Int32Array {
    const analysis = this.analyses.of(decoded);
    const far = isFarFromStack(decoded, this.model);
    const key =
      analysis.registersOf(decoded) * 16 +
      (far ? 8 : 0) +
      (decoded.lock ? 4 : 0) +
      (decoded.repeat === 0 ? 0 : 2) +
      (decoded.rexPresent ? 1 : 0);
    const known = this.kept.get(analysis)?.get(key);
    if (known !== undefined) return known;
    const record = new Int32Array(RECORD_WORDS);
    new RecordWriter(new Uint8Array(record.buffer), decoded, this.model).write(analysis, far);
    this.keep(analysis, key, record);
    return record;
  }

  private keep(analysis: FormAnalysis, key: number, record: Int32Array): void {
    if (this.keptCount++ === KEPT_RECORDS_MAX) {
      this.kept.clear();
      this.keptCount = 1;
    }
    const records = this.kept.get(analysis);
    if (records === undefined) this.kept.set(analysis, new Map([[key, record]]));
    else records.set(key, record);
  }

  write(words: Int32Array, at: number): number {
    const length = this.count * RECORD_WORDS;
    copyWords(this.words, 0, words, at >> 2, length);
    // Another block may lie where this one does, later: what the engine remembers of this one is found by its number.
    this.serial = (this.serial + 1) >>> 0;
    words[(at >> 2) + length] = this.serial | 0;
    return (length << 2) + SERIAL_BYTES;
  }
}

/** Few words: `set` of a part would make an object for it. */
function copyWords(
  from: Int32Array,
  begin: number,
  to: Int32Array,
  at: number,
  length: number,
): void {
  for (let word = 0; word < length; word++) to[at + word] = from[begin + word] ?? 0;
}

/** Writes the record of one instruction, which depends on what `recordOf` looks for it by. */
class RecordWriter {
  private operations = 0;
  private readonly kinds: OperationKind[] = [];
  private accesses = 0;
  private flags = 0;

  constructor(
    private readonly record: Uint8Array,
    private readonly decoded: DecodedInstruction,
    private readonly model: CoreModel,
  ) {}

  write(analysis: FormAnalysis, far: boolean): void {
    const { record, decoded } = this;
    const { row } = analysis;
    const sameRegister = analysis.sameRegister(decoded);
    const slots = analysis.slots + (far ? 1 : 0);
    record[layout.RECORD_SLOTS] = slots;
    record[layout.RECORD_OP_CACHE] =
      row.opCacheSlots ?? (analysis.wideImmediate ? slots + 1 : slots);
    record[layout.RECORD_MICROCODE] = row.microcode ?? 0;
    const cost =
      analysis.isRepeated(decoded) || analysis.kind !== InstructionKind.String
        ? (row.cost ?? 0)
        : 0;
    record[layout.RECORD_COST] = cost & 0xff;
    record[layout.RECORD_COST + 1] = cost >> 8;
    record[layout.RECORD_KIND] = this.kindOf(analysis, sameRegister);
    this.flags = analysis.flags;
    if (decoded.lock || analysis.alwaysLocked) this.flags |= layout.RECORD_LOCKED;
    const added = far && this.stackAddress(analysis);
    this.writeOperations(analysis, sameRegister);
    record[layout.RECORD_QUEUED] = this.queued() + (far && !added ? 1 : 0);
    record[layout.RECORD_OPERATIONS] = this.operations;
    record[layout.RECORD_ACCESSES] = this.accesses;
    record[layout.RECORD_FLAGS] = this.flags;
    record[layout.RECORD_SHAPE] = this.shapeOf(analysis);
  }

  /** Whether the instruction consists of its operations alone, and which they are. */
  private shapeOf(analysis: FormAnalysis): number {
    const { record, flags } = this;
    const kind: InstructionKind = record[layout.RECORD_KIND] ?? 0;
    const ordinary =
      record[layout.RECORD_MICROCODE] === 0 &&
      (!analysis.computes || (analysis.ports !== 0 && (analysis.row.occupancy ?? 1) === 1));
    if (!ordinary) return layout.SHAPE_OTHER;
    const long = record[layout.RECORD_SLOTS] !== 1;
    const kinds = (long ? LONG_SHAPES : PLAIN_SHAPES).get(this.kinds.join());
    if (kinds === layout.SHAPE_EXECUTE && (flags & layout.RECORD_FUSES) !== 0) {
      return layout.SHAPE_FUSES;
    }
    if ((flags & ~(layout.RECORD_STACK | layout.RECORD_NAMES_RSP)) !== 0) return layout.SHAPE_OTHER;
    if (kind === InstructionKind.EliminatedMove && flags === 0 && !long) return layout.SHAPE_MOVE;
    return PLAIN_KINDS.has(kind) ? (kinds ?? layout.SHAPE_OTHER) : layout.SHAPE_OTHER;
  }

  private kindOf(analysis: FormAnalysis, sameRegister: boolean): InstructionKind {
    const { row } = analysis;
    if (row.zeroIdiom === true && sameRegister) {
      this.record[layout.RECORD_DESTINATION] = this.ready(analysis.destinations[0]);
      return InstructionKind.ZeroIdiom;
    }
    if (row.eliminated === true) {
      this.record[layout.RECORD_SOURCE] = this.ready(analysis.moveSource);
      this.record[layout.RECORD_DESTINATION] = this.ready(analysis.destinations[0]);
      return analysis.kind === InstructionKind.EliminatedExchange
        ? InstructionKind.EliminatedExchange
        : InstructionKind.EliminatedMove;
    }
    return analysis.kind;
  }

  private writeOperations(analysis: FormAnalysis, sameRegister: boolean): void {
    const { row } = analysis;
    if (row.zeroIdiom === true && sameRegister && analysis.writesFlags) {
      this.flags |= layout.RECORD_CLEARS_FLAGS;
    }
    // A zero idiom keeps its sources here: the engine looks at them only where Parameter.ZeroIdioms is 0.
    const breaks = sameRegister && row.breaksDependency === true;
    const sources = analysis.sources
      .filter(({ place }) => !breaks || place === 'fixed')
      .map((source) => this.ready(source));
    const destinations = analysis.destinations.map((destination) => this.ready(destination));
    if (
      [...sources, ...destinations].includes(layout.READY_RSP) &&
      (analysis.flags & layout.RECORD_STACK) === 0
    ) {
      this.flags |= layout.RECORD_NAMES_RSP;
    }
    const { pointersApart } = analysis;
    if (analysis.loads) {
      const loadsRegister = !analysis.computes || (pointersApart && !analysis.stores);
      const into = loadsRegister ? (destinations.shift() ?? layout.READY_NOWHERE) : layout.READY_T0;
      const kind = analysis.prefetches ? OperationKind.Prefetch : OperationKind.Load;
      this.access(kind, analysis, into);
      if (analysis.computes && !pointersApart) sources.unshift(layout.READY_T0);
    }
    if (analysis.computes) this.execute(analysis, sources, destinations);
    if (analysis.stores) {
      const computed = pointersApart ? layout.READY_T0 : layout.READY_T1;
      const data = analysis.computes ? computed : (sources[0] ?? layout.READY_NEVER_WAITS);
      const kind = analysis.isNonTemporal ? OperationKind.NonTemporalStore : OperationKind.Store;
      this.access(kind, analysis, data);
    }
  }

  private begin(kind: OperationKind): number {
    assert(this.operations < 3, `form ${this.decoded.formNumber} has too many operations`);
    const at = layout.OPERATIONS + this.operations++ * layout.OPERATION_BYTES;
    this.record[at + layout.OPERATION_KIND] = kind;
    this.kinds.push(kind);
    for (let place = 0; place < 4; place++) {
      this.record[at + layout.OPERATION_DESTINATION + place] = layout.READY_NOWHERE;
    }
    return at;
  }

  private access(kind: OperationKind, analysis: FormAnalysis, register: number): void {
    const { record, decoded } = this;
    const at = this.begin(kind);
    this.accesses++;
    const stores = kind === OperationKind.Store || kind === OperationKind.NonTemporalStore;
    const [base, index] = analysis.addressOf(decoded, stores);
    record[at + layout.OPERATION_SOURCE] = base;
    record[at + layout.OPERATION_SOURCE + 1] = index;
    if (base === layout.READY_RSP && analysis.memoryOperand) this.flags |= layout.RECORD_NAMES_RSP;
    record[at + layout.OPERATION_EXTRA] = analysis.row.loadExtra ?? 0;
    if (stores) record[at + layout.OPERATION_DATA] = register;
    else record[at + layout.OPERATION_DESTINATION] = register;
  }

  private execute(
    analysis: FormAnalysis,
    sources: readonly number[],
    destinations: readonly number[],
  ): void {
    const { record } = this;
    const { row } = analysis;
    const at = this.begin(OperationKind.Execute);
    record[at + layout.OPERATION_LATENCY] = row.latency ?? 1;
    record[at + layout.OPERATION_LATENCY_2] = row.latencySecond ?? 0;
    record[at + layout.OPERATION_OCCUPANCY] = row.occupancy ?? 1;
    const ports = analysis.ports;
    record[at + layout.OPERATION_PORTS] = ports & 0xff;
    record[at + layout.OPERATION_PORTS + 1] = ports >> 8;
    [...new Set(sources)].slice(0, 4).forEach((source, place) => {
      record[at + layout.OPERATION_SOURCE + place] = source;
    });
    const [first, second] = destinations;
    const places = at + layout.OPERATION_DESTINATION;
    record[places] = analysis.stores ? layout.READY_T1 : (first ?? layout.READY_NOWHERE);
    if (analysis.stores && first !== undefined) record[places + 2] = first;
    else if (second !== undefined) record[places + 2] = second;
    if (analysis.writesFlags) record[places + 1] = layout.READY_FLAGS;
    if (analysis.writesCarry) record[places + 3] = layout.READY_CARRY;
  }

  /** An operation that adds a far displacement to RSP; a record has no place for it beside three others. */
  private stackAddress({ loads, computes, stores }: FormAnalysis): boolean {
    if (loads && computes && stores) return false;
    const at = this.begin(OperationKind.Execute);
    const { record } = this;
    record[at + layout.OPERATION_SOURCE] = layout.READY_RSP;
    record[at + layout.OPERATION_LATENCY] = 1;
    record[at + layout.OPERATION_OCCUPANCY] = 1;
    const ports = this.model.parameters.AluPorts.value;
    record[at + layout.OPERATION_PORTS] = ports & 0xff;
    record[at + layout.OPERATION_PORTS + 1] = ports >> 8;
    return true;
  }

  /** Operations that join one of the queues of QueuedPorts. */
  private queued(): number {
    const { record, model } = this;
    const { QueuedPorts, StoreDataPorts } = model.parameters;
    let count = 0;
    for (let operation = 0; operation < this.operations; operation++) {
      const at = layout.OPERATIONS + operation * layout.OPERATION_BYTES;
      const kind = record[at + layout.OPERATION_KIND];
      const ports =
        (record[at + layout.OPERATION_PORTS] ?? 0) |
        ((record[at + layout.OPERATION_PORTS + 1] ?? 0) << 8);
      const data = record[at + layout.OPERATION_DATA] ?? 0;
      const storesData =
        (kind === OperationKind.Store || kind === OperationKind.NonTemporalStore) &&
        StoreDataPorts.value !== 0 &&
        data !== layout.READY_NEVER_WAITS &&
        data < layout.READY_T0;
      if (storesData || (ports & QueuedPorts.value) !== 0) count++;
    }
    return count;
  }

  private ready(ref: RegisterRef | undefined): number {
    if (ref === undefined) return layout.READY_NOWHERE;
    const { decoded } = this;
    switch (ref.place) {
      case 'fixed':
        return ref.ready;
      case 'ModRM.reg':
        return ref.bank + this.number(ref, decoded.reg);
      case 'ModRM.rm':
        return ref.bank + this.number(ref, decoded.rm);
      case 'opcode':
        return ref.bank + this.number(ref, decoded.opcodeRegister);
      case 'VEX.vvvv':
        return ref.bank + decoded.vvvv;
      case 'is4':
        return ref.bank + decoded.is4;
      case 'base':
        return readyOfSlot(decoded.base);
      case 'index':
        return readyOfSlot(decoded.index);
      case 'vector index':
        return ref.bank + decoded.vectorIndex;
    }
  }

  /** AH, CH, DH, BH are parts of the first four registers. */
  private number(ref: RegisterRef, number: number): number {
    if (ref.bank === layout.READY_X87) return number & 7;
    const high = ref.bits === 8 && !this.decoded.rexPresent && number >= 4 && number < 8;
    return high ? number - 4 : number;
  }
}

/** Whether the operand's displacement from RSP is longer than the core adds on the way to an address port. */
function isFarFromStack(decoded: DecodedInstruction, { parameters }: CoreModel): boolean {
  if (!decoded.inMemory || readyOfSlot(decoded.base) !== layout.READY_RSP) return false;
  const bits = parameters.StackDisplacementBytes.value * 8 - 1;
  return decoded.displacementLow >> bits !== decoded.displacementLow >> 31;
}
