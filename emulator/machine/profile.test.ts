import { describe, expect, it } from 'vitest';
import type { CallTreeNode } from '../timing/call-tree-reader.js';
import { profileOf } from './profile.js';
import { SymbolTable } from './symbols.js';

const symbols = new SymbolTable([
  { name: 'entry', address: 0x10_0000n, sizeBytes: 0x100n },
  { name: 'a;b', address: 0x10_0100n, sizeBytes: 0x100n },
]);
const node = (
  parent: number,
  target: bigint,
  cycles: number,
  vector: number | null = null,
): CallTreeNode => ({
  parent,
  target,
  vector,
  cycles,
  instructions: cycles,
  calls: 1,
});

describe('a profile has names', () => {
  const name = (target: bigint, vector: number | null = null): string | undefined => {
    const nodes = [node(0, 0n, 0), node(0, target, 1, vector)];
    const tree = { nodes, nodesLacking: 0, framesLacking: 0, returnsUnmatched: 0 };
    return profileOf(tree, symbols).frames.at(-1);
  };
  it.each<[string, bigint, number | null, string]>([
    ['a function, by its first instruction', 0x10_0000n, null, 'entry'],
    ['a function, entered in the middle', 0x10_0010n, null, 'entry'],
    ['a name with the separator of folded stacks', 0x10_0100n, null, 'a:b'],
    ['an address without a symbol', 0x20_0000n, null, '0x200000'],
    ['the ROM below 4 GiB', 0xffff_fff0n, null, '[firmware]'],
    ['the shadow of the ROM', 0xf_0000n, null, '[firmware]'],
    ['16-bit code', 0x7c00n, null, '[real mode]'],
    ['an exception', 0n, 14, '[#PF]'],
    ['an external interrupt', 0n, 0x220, '[interrupt 0x20]'],
    ['IRQ 0 where the firmware has it', 0n, 0x208, '[interrupt 0x8]'],
    ['INT 10h', 0n, 0x110, '[int 0x10]'],
  ])('%s', (_title, target, vector, expected) => {
    expect(name(target, vector)).toBe(expected);
  });

  it('and joins what has the same name below the same caller', () => {
    const nodes = [
      node(0, 0n, 3), // firmware at power-on
      node(0, 0xf_0000n, 4), // firmware again
      node(1, 0xf_1000n, 5), // firmware called by firmware
      node(0, 0x10_0000n, 10),
      node(3, 0x10_0100n, 20),
      node(3, 0x10_0110n, 30), // the same function, entered elsewhere
    ];
    const tree = { nodes, nodesLacking: 0, framesLacking: 0, returnsUnmatched: 0 };
    const profile = profileOf(tree, symbols);
    const rows = profile.nodes.map(([parent, frame, cycles]) => [
      parent,
      profile.frames[frame],
      cycles,
    ]);
    expect(rows).toEqual([
      [0, 'all', 0],
      [0, '[firmware]', 12],
      [0, 'entry', 10],
      [2, 'a:b', 50],
    ]);
  });
});
