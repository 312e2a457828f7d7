/** What is found in node ranges: the verdicts are those of Linux's arch/x86/mm/numa.c on the same SRAT. */
import { describe, expect, it } from 'vitest';
import { mapEntry, type NodeRange } from './memory-map.js';
import { nodeRanges } from './numa.js';
import { pcMap } from './pc-map.js';
import { validateMap } from './validate-map.js';
import { zooMap, zooNames } from './zoo.js';

const GIB = 1n << 30n;
const MIB = 1n << 20n;
/** RAM from 1 MiB to 2 GiB and from 4 to 6 GiB, as a PC has it. */
const ENTRIES = [
  mapEntry(0n, 640n << 10n, 1),
  mapEntry(MIB, 2n * GIB - MIB, 1),
  mapEntry(4n * GIB, 2n * GIB, 1),
];

const range = (node: number, base: bigint, length: bigint): NodeRange => ({ node, base, length });

function findings(nodes: readonly NodeRange[]): string[] {
  return validateMap({ name: 'x', entries: ENTRIES, nodes }).map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );
}

describe('node ranges', () => {
  it('over reserved memory and holes are no finding', () => {
    expect(findings([range(0, 0n, 2n * GIB), range(1, 4n * GIB, 2n * GIB)])).toEqual([]);
    expect(findings([range(0, 0n, 5n * GIB), range(1, 5n * GIB, GIB)])).toEqual([]);
  });

  it('of two nodes that overlap are an error: "node 0 overlaps with node 1", and Linux has no nodes', () => {
    expect(findings([range(0, 0n, 4n * GIB + GIB), range(1, 4n * GIB, 2n * GIB)])).toEqual([
      'error nodes-overlap: range 1 of the nodes (node 1, 0x100000000 + 2 GiB) overlaps range 0 ' +
        '(node 0, 0x0 + 5 GiB): memory belongs to one node',
    ]);
  });

  it('are compared whatever their order is', () => {
    expect(findings([range(1, 4n * GIB, 2n * GIB), range(0, 0n, 5n * GIB)])).toEqual([
      'error nodes-overlap: range 1 of the nodes (node 0, 0x0 + 5 GiB) overlaps range 0 ' +
        '(node 1, 0x100000000 + 2 GiB): memory belongs to one node',
    ]);
  });

  it('of one node that overlap are a warning: "node 0 overlaps with itself"', () => {
    expect(findings([range(0, 0n, 5n * GIB), range(0, 4n * GIB, 2n * GIB)])).toEqual([
      'warning nodes-overlap: range 1 of the nodes (node 0, 0x100000000 + 2 GiB) overlaps range 0 ' +
        '(node 0, 0x0 + 5 GiB)',
    ]);
  });

  it('of another node within one of the same node are an error', () => {
    const found = findings([range(0, 0n, 6n * GIB), range(0, 0n, GIB), range(1, 0n, MIB)]);
    expect(found.map((text) => text.slice(0, 22))).toEqual([
      'warning nodes-overlap:',
      'error nodes-overlap: r',
    ]);
  });

  it.each<[string, NodeRange, string]>([
    [
      'in a hole',
      range(1, 3n * GIB, GIB),
      'warning node-outside-ram: range 1 of the nodes (node 1, 0xc0000000 + 1 GiB) lies outside of RAM: no page in it is usable',
    ],
    [
      'beyond RAM',
      range(1, 6n * GIB, GIB),
      'warning node-outside-ram: range 1 of the nodes (node 1, 0x180000000 + 1 GiB) lies outside of RAM: no page in it is usable',
    ],
    [
      'without length',
      range(1, 4n * GIB, 0n),
      'warning zero-length: range 1 of the nodes (node 1, 0x100000000 + 0 B) has no length',
    ],
    [
      'past 2^64',
      range(1, (1n << 64n) - GIB, 2n * GIB),
      'error wraps: range 1 of the nodes (node 1, 0xffffffffc0000000 + 2 GiB) wraps past 2^64',
    ],
  ])('%s', (_, second, expected) => {
    const rest = [range(0, 0n, 2n * GIB), second, range(2, 4n * GIB, 2n * GIB)];
    expect(findings(rest)).toEqual([expected]);
  });

  it('that go on where RAM has ended', () => {
    expect(findings([range(0, 0n, 8n * GIB)])).toEqual([
      'warning node-outside-ram: range 0 of the nodes (node 0, 0x0 + 8 GiB) has 2 GiB beyond the end of RAM (0x180000000)',
    ]);
  });

  it('may leave less than 1 MiB of RAM out: "nodes only cover … of your … e820 RAM"', () => {
    const low = range(0, 0n, 2n * GIB);
    expect(findings([low, range(1, 4n * GIB, 2n * GIB - MIB + 4096n)])).toEqual([]);
    expect(findings([low, range(1, 4n * GIB, 2n * GIB - MIB)])).toEqual([
      'warning ram-without-node: 1 MiB of RAM belong to no node',
    ]);
    // Without page 0, and without what lies between 640 KiB and 1 MiB.
    const ramKib = 4 * 1024 * 1024 - 388;
    expect(findings([])).toEqual([
      `warning ram-without-node: ${ramKib} KiB of RAM belong to no node`,
    ]);
  });

  it('of the machines of the zoo, and those that --numa makes, give no finding', () => {
    const maps = zooNames().map(zooMap);
    const ramBytes = 8n * GIB;
    const pc = pcMap(ramBytes).map;
    maps.push({ ...pc, nodes: nodeRanges(pc, ramBytes, [4n * GIB, 4n * GIB]) });
    const withNodes = maps.filter(({ nodes }) => nodes !== undefined);
    expect(withNodes).toHaveLength(7);
    for (const map of withNodes) {
      expect(validateMap(map).filter(({ code }) => /node/.test(code))).toEqual([]);
    }
  });
});
