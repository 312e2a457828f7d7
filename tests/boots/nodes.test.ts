/**
 * Nodes of memory: from the firmware's tables to the kernel's table of nodes, and from `--numa` and the zoo's node
 * ranges to the lines that the kernel prints. Figures for the zoo are those that Linux printed on the machines.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { nodeRanges } from '../../emulator/memory/numa.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { words } from '../corpus/linux-figures.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';
import {
  slitTable,
  sratTable,
  summed,
  table,
  tablesAt,
  type MemoryAffinity,
} from './firmware-tables.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const GIB = 1n << 30n;
const MIB = 1n << 20n;
const PAGE = 4096n;

const kernel = new ParkedKernel(pcMap(32n * MIB).map);
/** Room for tables: 256 KiB of the kernel's own heap. */
const room = kernel.call('kmalloc', 256n * 1024n);

/** Hands tables to the kernel; gives the number of nodes and what it said. */
function read(...tables: readonly Uint8Array[]): { nodes: number; said: string } {
  kernel.machine.processor.write(room, tablesAt(room, tables));
  return readAt(room);
}

function readAt(rsdp: bigint): { nodes: number; said: string } {
  let nodes = 0;
  const said = kernel.saidDuring(() => {
    nodes = kernel.call32('nk_nodes_read', rsdp);
  });
  return { nodes, said };
}

const node = (address: bigint): number => kernel.call32('nodeOf', address);
const claim = (domain: number, gib: number, lengthGib: number, flags = 1): MemoryAffinity => ({
  domain,
  base: BigInt(gib) * GIB,
  length: BigInt(lengthGib) * GIB,
  flags,
});

describe('92: an SRAT', () => {
  beforeEach(() => {
    expect(readAt(0n).nodes).toBe(1); // missing: one node, nothing said
  });

  it('that is missing leaves one node', () => {
    expect(read()).toEqual({ nodes: 1, said: '' });
    expect(node(5n * GIB)).toBe(0);
  });

  it.each<[string, MemoryAffinity[], number, [gib: number, node: number][]]>([
    [
      'of two nodes',
      [claim(0, 0, 4), claim(1, 4, 4)],
      2,
      [
        [0, 0],
        [3, 0],
        [4, 1],
        [7, 1],
      ],
    ],
    [
      'in any order',
      [claim(1, 4, 4), claim(0, 0, 4)],
      2,
      [
        [0, 0],
        [3, 0],
        [4, 1],
        [7, 1],
      ],
    ],
    [
      'with a gap: RAM there is of the node below',
      [claim(0, 0, 2), claim(1, 4, 4)],
      2,
      [
        [3, 0],
        [4, 1],
        [9, 1],
      ],
    ],
    [
      'that begins late: RAM before is of the first node',
      [claim(0, 2, 2), claim(1, 4, 4)],
      2,
      [
        [0, 0],
        [4, 1],
      ],
    ],
    [
      'with interleaved nodes',
      [claim(0, 0, 1), claim(1, 1, 1), claim(0, 2, 1)],
      2,
      [
        [0, 0],
        [1, 1],
        [2, 0],
      ],
    ],
    [
      'whose domains are 7 and 300: numbered densely',
      [claim(300, 0, 4), claim(7, 4, 4)],
      2,
      [
        [0, 1],
        [4, 0],
      ],
    ],
    [
      'with a disabled entry: as if it were not there',
      [claim(0, 0, 4), claim(1, 2, 4, 0)],
      1,
      [
        [3, 0],
        [5, 0],
      ],
    ],
    [
      'with an empty entry',
      [claim(0, 0, 4), claim(1, 2, 0), claim(2, 4, 4)],
      2,
      [
        [2, 0],
        [4, 1],
      ],
    ],
    [
      'in which one domain claims memory twice',
      [claim(0, 0, 4), claim(0, 2, 3), claim(1, 5, 1)],
      2,
      [
        [4, 0],
        [5, 1],
      ],
    ],
    ['without any memory', [], 1, [[0, 0]]],
  ])('%s', (_, claims, nodes, places) => {
    expect(read(sratTable(claims))).toEqual({ nodes, said: '' });
    expect(places.map(([gib]) => [gib, node(BigInt(gib) * GIB)])).toEqual(places);
  });

  it('of revision 1 has domains of one byte', () => {
    const claims = [{ ...claim(0, 0, 4), domain: 0xabcdef00 }, claim(1, 4, 4)];
    expect(read(sratTable(claims, 1)).nodes).toBe(2);
    expect([node(0n), node(4n * GIB)]).toEqual([0, 1]);
  });

  it('with an entry that wraps: cut at 2^52', () => {
    const high = { domain: 1, base: 4n * GIB, length: (1n << 64n) - 1n };
    expect(read(sratTable([claim(0, 0, 4), high]))).toEqual({ nodes: 2, said: '' });
    expect(node((1n << 52n) - PAGE)).toBe(1);
  });

  it.each<[string, MemoryAffinity[]]>([
    ['overlap', [claim(0, 0, 4), claim(1, 3, 4)]],
    ['lie inside one another', [claim(0, 0, 8), claim(1, 2, 1)]],
    ['are the same', [claim(0, 0, 4), claim(1, 0, 4)]],
    ['overlap by a page', [{ domain: 0, base: 0n, length: GIB + PAGE }, claim(1, 1, 1)]],
  ])('whose two nodes %s is ignored, with a line', (_, claims) => {
    expect(read(sratTable(claims))).toEqual({
      nodes: 1,
      said: '[nk_boot] ACPI: SRAT ignored: two nodes claim the same memory\n',
    });
    expect(node(5n * GIB)).toBe(0);
  });

  it('of 65 nodes is ignored, with a line; of 64 it is taken', () => {
    const claims = Array.from({ length: 65 }, (_, domain) => claim(domain, domain, 1));
    expect(read(sratTable(claims)).said).toMatch(/SRAT ignored: more nodes/);
    expect(read(sratTable(claims.slice(1)))).toEqual({ nodes: 64, said: '' });
    expect(node(64n * GIB)).toBe(63);
  });

  it('of 257 entries is ignored, with a line; of 256 it is taken', () => {
    const claims = Array.from({ length: 257 }, (_, at) => claim(at % 2, at, 1));
    expect(read(sratTable(claims)).said).toMatch(/SRAT ignored: too many entries/);
    expect(read(sratTable(claims.slice(1)))).toEqual({ nodes: 2, said: '' });
    expect([node(255n * GIB), node(256n * GIB)]).toEqual([1, 0]);
  });

  const good = sratTable([claim(0, 0, 4), claim(1, 4, 4)]);
  const patched = (offset: number, ...bytes: readonly number[]): Uint8Array => {
    const copy = Uint8Array.from(good);
    copy.set(bytes, offset);
    return summed(copy, 9);
  };
  it.each<[string, Uint8Array, RegExp]>([
    [
      'a wrong checksum',
      Uint8Array.from(good, (byte, at) => (at === 60 ? byte ^ 1 : byte)),
      /damaged/,
    ],
    ['a length of 0', patched(4, 0, 0, 0, 0), /damaged/],
    ['a length of 35', patched(4, 35, 0, 0, 0), /damaged/],
    ['a length of 4 GiB less a byte', patched(4, 255, 255, 255, 255), /damaged/],
    ['a length of 36: no entries', summed(table('SRAT', 3, new Uint8Array(0)), 9), /^$/],
    ['an entry of length 0', patched(49, 0), /SRAT ignored: an entry has no length/],
    ['an entry beyond the end', patched(89, 41), /SRAT ignored: an entry has no length/],
    ['a memory entry of 16 bytes', patched(49, 16), /SRAT ignored: a memory entry is too short/],
  ])('with %s leaves one node', (_, srat, said) => {
    const answer = read(srat);
    expect(answer.nodes).toBe(1);
    expect(answer.said).toMatch(said);
  });

  it.each([1n, 8n, 0xfffn, 3n * GIB, 4n * GIB - 8n, 1n << 40n, 1n << 52n, (1n << 64n) - 1n])(
    'behind an RSDP address of %d, where none is, leaves one node',
    (address) => {
      expect(readAt(address).nodes).toBe(1);
    },
  );

  it('never stops the kernel, whatever 20 000 damaged bytes say (seed 92)', () => {
    const random = new RandomWords(92);
    const tables = tablesAt(room, [
      good,
      slitTable([
        [10, 20],
        [20, 10],
      ]),
    ]);
    for (let trial = 0; trial < 2000; trial++) {
      const bytes = Uint8Array.from(tables);
      for (let damage = 0; damage < 10; damage++) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      // Sums that are right again let the damage through to the next check.
      bytes.set(summed(bytes.subarray(0, 20), 8), 0);
      bytes.set(summed(bytes.subarray(0, 36), 32), 0);
      bytes.set(summed(bytes.subarray(64, 64 + 52), 9), 64);
      bytes.set(summed(bytes.subarray(116, 116 + good.length), 9), 116);
      bytes.set(summed(bytes.subarray(116 + good.length), 9), 116 + good.length);
      kernel.machine.processor.write(room, bytes);
      expect(readAt(room).nodes).toBeGreaterThanOrEqual(1);
    }
    expect(read(good).nodes).toBe(2);
  });
});

describe('92: a SLIT', () => {
  const srat = sratTable([0, 1, 2, 3].map((domain) => claim(domain, domain, 1)));
  /** The nodes as seen from `from`, nearest first. */
  const order = (from: bigint): number[] =>
    [0n, 1n, 2n, 3n].map((rank) => kernel.call32('nodeByRank', from, rank));

  it('that is missing: the others come by their number', () => {
    read(srat);
    expect(order(2n)).toEqual([2, 0, 1, 3]);
  });

  it('gives the order of fallback', () => {
    // Two boards of two nodes: 16 on the board, 22 and 28 across.
    const rows = [
      [10, 16, 28, 22],
      [16, 10, 22, 28],
      [28, 22, 10, 16],
      [22, 28, 16, 10],
    ];
    expect(read(srat, slitTable(rows))).toEqual({ nodes: 4, said: '' });
    expect([0n, 1n, 2n, 3n].map(order)).toEqual([
      [0, 1, 3, 2],
      [1, 0, 2, 3],
      [2, 3, 1, 0],
      [3, 2, 0, 1],
    ]);
  });

  it('is read by domain, not by node', () => {
    const sparse = sratTable(
      [claim(1, 0, 1), claim(3, 1, 1), claim(2, 2, 1), claim(0, 3, 1)].slice(0, 3),
    );
    const rows = [
      [10, 11, 11, 11],
      [11, 10, 90, 20],
      [11, 90, 10, 50],
      [11, 20, 50, 10],
    ];
    expect(read(sparse, slitTable(rows)).nodes).toBe(3);
    expect([0n, 1n, 2n].map((rank) => kernel.call32('nodeByRank', 0n, rank))).toEqual([0, 2, 1]);
  });

  it.each<[string, Uint8Array]>([
    [
      'whose diagonal is not 10',
      slitTable([
        [11, 20],
        [20, 10],
      ]),
    ],
    [
      'with a distance of 10 to another node',
      slitTable([
        [10, 10],
        [20, 10],
      ]),
    ],
    [
      'with a distance of 0',
      slitTable([
        [10, 0],
        [20, 10],
      ]),
    ],
    [
      'of more nodes than it has bytes',
      table('SLIT', 1, Uint8Array.from([200, 0, 0, 0, 0, 0, 0, 0])),
    ],
    ['of 2^63 nodes', table('SLIT', 1, Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 128]))],
    ['without a number of nodes', table('SLIT', 1, new Uint8Array(4))],
  ])('%s is ignored, with a line', (_, slit) => {
    const { nodes, said } = read(srat, slit);
    expect(nodes).toBe(4);
    expect(said).toMatch(/^\[nk_boot\] ACPI: SLIT ignored: /);
    expect(order(2n)).toEqual([2, 0, 1, 3]);
  });
});

describe('memblock 45: reservations and nodes', () => {
  it('126 pieces, one of them across the border of two nodes, are missing from the node they are in', () => {
    const own = new ParkedKernel(pcMap(64n * MIB).map);
    const [start, border, end, entries] = [16n * MIB, 20n * MIB, 24n * MIB, 48n * MIB];
    const RUNS = 7n; // kernel/src/reservations.ts, Owner
    own.call('pmm_nodes_clear');
    own.call('pmm_node_range', start, border, 0n);
    own.call('pmm_node_range', border, end, 1n);
    const before = own.call32('reservationCount');
    for (let n = 0n; n < 100n; n++)
      own.call('reserve', start + n * 2n * PAGE, start + (n * 2n + 1n) * PAGE, RUNS);
    own.call('reserve', border - 3n * PAGE, border + 5n * PAGE, RUNS);
    for (let n = 0n; n < 25n; n++)
      own.call('reserve', end - (n * 2n + 1n) * PAGE, end - n * 2n * PAGE, RUNS);
    expect(own.call32('reservationCount')).toBe(before + 126);
    for (const [index, value] of [start, end - start, 1n].entries())
      own.write64(entries + BigInt(index) * 8n, value);
    expect(own.call32('pmm_init_map', entries, 1n)).toBe(1);
    const said = own.saidDuring(() => own.call('mem_print_stats'));
    const zones = [...said.matchAll(/Node (\d+) \w+ *: (\d+) pages[^\n]*, free (\d+),/g)];
    const metadata = 1024n - 103n - BigInt(zones[0]?.[3] ?? 0); // of the allocator: in the first gap that is long enough
    expect(zones.map((zone) => zone.slice(1, 3))).toEqual([
      ['0', '1024'],
      ['1', '1024'],
    ]);
    expect(BigInt(zones[1]?.[3] ?? 0)).toBe(1024n - 30n);
    expect(metadata >= 1n && metadata <= 16n).toBe(true);
    expect(own.call32('nk_mem_check', 1n)).toBe(0);
  });
});

/** Pages by node, as the kernel's lines say. */
function bootedNodes(map: MemoryMap): bigint[] {
  const host = new TestMachine(bundledKernel(), {
    memoryMap: map,
    commandLine: 'quiet',
    uartMode: 'instant',
  });
  expect(host.run().kind).toBe('power-off');
  return [...host.serial.matchAll(/^\[nk_boot\] NUMA node (\d+): (\d+) pages/gm)].map(
    (match, at) => {
      expect(Number(match[1])).toBe(at);
      return BigInt(match[2] ?? 0);
    },
  );
}

describe('a boot', () => {
  it('on one node says nothing of nodes', () => {
    expect(bootedNodes(pcMap(64n * MIB).map)).toEqual([]);
  });

  it.each<[string, bigint[], (bigint | number)[]]>([
    // Pages of the map pc: less page 0 and 97 pages from 0x9f000 to 0xfffff.
    ['4G,4G', [4n * GIB, 4n * GIB], [(4 << 18) - 98, 4 << 18]],
    ['1G,2G,5G', [GIB, 2n * GIB, 5n * GIB], [(1 << 18) - 98, 2 << 18, 5 << 18]],
    [
      '1G,3G,4G: a node on both sides of the hole',
      [GIB, 3n * GIB, 4n * GIB],
      [(1 << 18) - 98, 3 << 18, 4 << 18],
    ],
  ])('with --numa %s counts the pages of each node', (_, sizes, pages) => {
    const ramBytes = sizes.reduce((sum, size) => sum + size, 0n);
    const { map } = pcMap(ramBytes);
    const nodes = nodeRanges(map, ramBytes, sizes);
    expect(bootedNodes({ ...map, nodes })).toEqual(pages.map(BigInt));
  });

  const withNodes = zooNames().filter((name) => zooMap(name).nodes !== undefined);

  it('knows the nodes of six machines', () => {
    expect(withNodes).toEqual([
      'asustek-z10pe-d16-series-160g',
      'bull-sas-bullx-x8dah-24g',
      'dell-poweredge-r7425-08v001-1020g',
      'fwts-log-17-12g',
      'hp-dl585g7-1tib-8-nodes',
      'hp-proliant-dl388p-gen8-48g',
    ]);
  });

  it.each(withNodes)('on zoo:%s counts, in all nodes, the pages of the oracle', (name) => {
    const pages = bootedNodes(zooMap(name));
    expect(pages).toHaveLength(new Set(zooMap(name).nodes?.map((range) => range.node)).size);
    expect(pages.reduce((sum, count) => sum + count, 0n)).toBe(usablePages(zooMap(name)).pageCount);
  });

  it.each(withNodes.filter((name) => words(name, 'totalPages').length > 1))(
    'on zoo:%s counts in each node what Linux counted',
    (name) => {
      const counted = bootedNodes(zooMap(name));
      const linux = words(name, 'totalPages').map(BigInt);
      expect(counted.slice(1)).toEqual(linux.slice(1));
      // Linux keeps up to 64 KiB at the bottom of memory from itself on some of these machines.
      const lost = (counted[0] ?? 0n) - (linux[0] ?? 0n);
      expect([lost >= 0n, lost < 16n]).toEqual([true, true]);
    },
  );
});
