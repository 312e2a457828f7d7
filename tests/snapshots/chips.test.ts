/**
 * Every chip's state is in a snapshot: after thousands of accesses at random to all ports and registers, a board that is restored has the
 * same in each of its objects' fields, whoever owns them, and gives the same answers from there on. The seed is in the test's name.
 */
import { expect, it } from 'vitest';
import { restoreMachine, saveMachine } from '../../emulator/machine/machine-snapshot.js';
import type { Machine } from '../../emulator/machine/machine.js';
import { PC_MEMORY } from '../../emulator/machine/pc-memory.js';
import { PC_PORTS } from '../../emulator/machine/pc-ports.js';
import { RandomWords } from '../boots/random-words.js';
import { guestImage } from '../guests/guest.js';
import { TestMachine } from '../guests/test-machine.js';

/** What a field may lead to that is no chip: the processor, and what is fixed by the machine's files and options. */
const NO_CHIPS = new Set(['Processor', 'ClockDomains', 'SymbolTable', 'LinearMemory']);
const ACCESSES = 4000;

const newMachine = (): Machine =>
  new TestMachine(guestImage('power-off'), { disk: new Uint8Array(64 * 512).fill(0x5a) }).machine;

/** Answers to accesses that a seed draws; time goes on between them. */
function accesses({ board, clock }: Machine, seed: number): unknown[] {
  const draw = new RandomWords(seed);
  const ports = PC_PORTS.filter(({ device }) => device !== null);
  const answers: unknown[] = [];
  for (let count = 0; count < ACCESSES; count++) {
    clock.advanceTo(clock.nowCycles + draw.below(20_000));
    const value = draw.below(256);
    if (draw.below(5) === 0) {
      const { base, sizeBytes } = PC_MEMORY[draw.below(PC_MEMORY.length)] ?? {
        base: 0n,
        sizeBytes: 16,
      };
      const address = base + BigInt(16 * draw.below(sizeBytes / 16));
      if (draw.below(2) === 0) answers.push(board.memoryBus.read(address, 4));
      else board.memoryBus.write(address, 4, BigInt(draw.below(0x7fff_ffff)));
    } else {
      const { base, sizePorts } = ports[draw.below(ports.length)] ?? { base: 0, sizePorts: 1 };
      const port = base + draw.below(sizePorts);
      if (draw.below(2) === 0) answers.push([port, board.bus.read(port, 1)]);
      else board.bus.write(port, 1, value);
    }
    if (draw.below(40) === 0) answers.push(board.acknowledgeInterrupt());
  }
  return answers;
}

interface Event {
  readonly cycle: number;
  readonly sequence: number;
  readonly heapIndex: number;
}
const isEvent = (value: object): value is Event => 'heapIndex' in value && 'sequence' in value;

/** The fields' values by their paths, with all objects that they lead to. */
function fields(root: object): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const seen = new Set<object>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'function' || value === undefined) return;
    if (typeof value === 'bigint') return void found.set(path, value.toString());
    if (typeof value !== 'object' || value === null) return void found.set(path, value);
    if (isEvent(value)) {
      if (value.heapIndex >= 0) found.set(path, [value.cycle, value.sequence]);
      return;
    }
    if (seen.has(value) || NO_CHIPS.has(value.constructor.name)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) return void found.set(path, [...(value as Uint8Array)]);
    const entries =
      value instanceof Map
        ? [...(value as Map<unknown, unknown>)].map(([key, item]) => [String(key), item] as const)
        : value instanceof Set
          ? [...(value as Set<unknown>)].map((item, index) => [String(index), item] as const)
          : Object.entries(value);
    const isHeap = path.endsWith('.heap');
    if (isHeap) {
      const events = (value as Event[]).map(({ cycle, sequence }) => [cycle, sequence] as const);
      return void found.set(
        path,
        events.sort(([, a], [, b]) => a - b),
      );
    }
    for (const [name, item] of entries) visit(item, `${path}.${name}`);
  };
  visit(root, '');
  return found;
}

/** A serial port's FIFOs are rings: a restored one begins at its first place, and bytes that have left it are no state. */
const RING = /\.(transmitter\.(head|waiting)|receiver\.(head|bytes|errors))$/;

/** Fields that differ; nothing and null are one. */
function differing(a: Map<string, unknown>, b: Map<string, unknown>): string[] {
  const paths = [...new Set([...a.keys(), ...b.keys()])].filter((path) => !RING.test(path));
  return paths
    .map((path) => [path, JSON.stringify(a.get(path) ?? null), JSON.stringify(b.get(path) ?? null)])
    .filter(([, one, other]) => one !== other)
    .map((difference) => difference.join(' '));
}

const boardOf = ({ board, clock, medium }: Machine): object => ({ board, clock, medium });

it.each([1, 2, 3, 4, 5])('is restored whole (seed %i)', (seed) => {
  const machine = newMachine();
  accesses(machine, seed);
  const { state, ...bytes } = saveMachine(machine);
  const restored = newMachine();
  expect(fields(boardOf(restored))).not.toEqual(fields(boardOf(machine)));
  restoreMachine(restored, { state: JSON.parse(JSON.stringify(state)) as typeof state, ...bytes });
  const [now, then] = [fields(boardOf(restored)), fields(boardOf(machine))];
  expect(differing(now, then)).toEqual([]);
  expect(now.size).toBeGreaterThan(700);
  expect(restored.board.snapshot()).toEqual(machine.board.snapshot());
  expect(accesses(restored, seed + 100)).toEqual(accesses(machine, seed + 100));
  expect(restored.stateHash()).toBe(machine.stateHash());
});
