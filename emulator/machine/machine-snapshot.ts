/**
 * A machine's state as plain data and pages of memory: a machine that is made of the same files and options, and given it, goes on as
 * the one would have that it was taken of. Decoded and translated code is no part of it, nor what a crash report says of the last blocks.
 */
import { assert } from '../base/assert.js';
import type { EventQueueState } from '../clock/event-queue.js';
import type { MemoryRun, ProcessorState } from '../cpu/processor-snapshot.js';
import type { WrittenBlock } from '../devices/disk-medium.js';
import type { BoardRequests, Machine } from './machine.js';
import type { MachineTimeState } from './machine-time.js';
import type { PcBoardState } from './pc-board.js';

export { isWrittenBlock } from '../devices/disk-medium.js';
export { isSavedRun, type MemoryRun } from '../cpu/processor-snapshot.js';

/** JSON keeps all of it. */
export interface MachineState {
  readonly clock: EventQueueState;
  readonly board: PcBoardState;
  readonly time: MachineTimeState;
  readonly requests: BoardRequests;
  readonly processor: ProcessorState;
}

/** Where no instruction is executed before an interrupt comes. */
export type Wait = 'halted' | 'stopped by an x87 exception (FERR#, CR0.NE = 0)';

/** What of a run is not the machine's own. How far the proof of a polling loop has come is no part of it. */
export interface RunLoopState {
  readonly waitsIn: Wait | null;
  readonly betweenCheckpoints: boolean;
  readonly resets: number;
  readonly hashAtReset: string | null;
  /** Of spin-proof.ts. */
  readonly lastDisturbedSlot: number;
}

export interface SavedMachine {
  readonly state: MachineState;
  /** The machine's own memory, as the disk's blocks are: to be copied before it goes on. */
  readonly memory: readonly MemoryRun[];
  /** What the guest has written to the disk. */
  readonly disk: readonly WrittenBlock[];
}

/** Between two instructions. */
export function saveMachine(machine: Machine): SavedMachine {
  const { clock, board, requests, medium } = machine;
  const time = machine.time.snapshot();
  const { state: processor, memory } = machine.processor.snapshot();
  const state = { clock: clock.snapshot(), board: board.snapshot(), time, processor };
  const disk = medium?.snapshot() ?? [];
  return { state: { ...state, requests: { ...requests } }, memory, disk };
}

export function restoreMachine(machine: Machine, { state, memory, disk }: SavedMachine): void {
  const { clock, board, requests, medium, processor } = machine;
  assert(medium !== null || disk.length === 0, 'a snapshot of a machine with the same disk');
  medium?.restore(disk);
  clock.restore(state.clock);
  processor.restore(state.processor, memory);
  board.restore(state.board);
  // The chips have moved pins and windows, which drops translations.
  processor.restore(state.processor, memory);
  machine.time.restore(state.time);
  requests.powerOff = state.requests.powerOff;
  requests.reset = state.requests.reset;
  requests.exit = state.requests.exit;
}
