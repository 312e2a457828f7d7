/** Which stores StackWatch tells of, access by access. */
import { expect, it } from 'vitest';
import { StackWatch } from './stack-watch.js';

const OBJECTS = [
  { name: 'handlers', address: 0x1000n, sizeBytes: 0x1000n },
  { name: 'stack', address: 0x2000n, sizeBytes: 0x1000n },
];
const BELOW = 'below stack (0x2000), in which the stack is';

/** RSP before the instruction, where it accesses, and what is wrong with that. */
type Step = readonly [stackPointer: bigint, access: 'load' | 'store', linear: bigint, string?];

const SEQUENCES: readonly (readonly [string, readonly Step[]])[] = [
  [
    // SDM-3, "64-Bit Mode Stack Frame": pushed to the stack of the IST, with RSP as it was until the handler's first instruction.
    'an event whose gate has a stack of its own, right below the interrupted one',
    [
      [0x2040n, 'store', 0x2038n],
      [0x2038n, 'store', 0x1ff8n - 0x100n],
      [0x2038n, 'store', 0x1ff0n - 0x100n],
      [0x1ff0n - 0x100n, 'store', 0x1fe8n - 0x100n],
    ],
  ],
  [
    'an event on the stack that is full',
    [
      [0x2010n, 'store', 0x2008n],
      [0x2008n, 'store', 0x2000n],
      [0x2008n, 'store', 0x1ff8n, BELOW],
      [0x1ff8n, 'store', 0x1ff0n, BELOW],
    ],
  ],
  [
    'a frame of 64 KiB and more is a change of the stack',
    [
      [0x2040n, 'store', 0x2038n],
      [0x2040n - 0x10001n, 'store', 0x2038n - 0x10001n],
    ],
  ],
  [
    'back in the stack, and below it again',
    [
      [0x2040n, 'store', 0x2038n],
      [0x1f40n, 'store', 0x1f48n, BELOW],
      [0x2040n, 'load', 0x2040n],
      [0x1f40n, 'store', 0x1f48n, BELOW],
    ],
  ],
];

it.each(SEQUENCES)('%s', (_, steps) => {
  const watch = new StackWatch(OBJECTS);
  const told = steps.map(([stackPointer, access, linear]) =>
    watch.wrong(linear, 8, access === 'store', BigInt.asUintN(64, stackPointer)),
  );
  expect(told).toEqual(steps.map(([, , , why]) => why ?? null));
});
