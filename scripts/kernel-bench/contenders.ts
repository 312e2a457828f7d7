/** Who takes part in the benchmark of the kernel's allocators. */
export interface Contender {
  /** Of its ELF file and its rows. */
  readonly name: string;
  readonly title: string;
  readonly kind: 'pages' | 'blocks';
  /** The twin's module in kernel/src, without .ts; null for this kernel's own allocator. */
  readonly twin: string | null;
  /** The kernel's main module, where it exports more than others of its kind. */
  readonly entry?: string;
  /** The most RAM it is run with, in bytes, and why not with more. */
  readonly reach?: { readonly ramBytes: number; readonly why: Limit };
}

/** What makes a size out of reach: a cost that grows with RAM, or with the search. */
export type Limit = 'init' | 'search';

const GIB = 2 ** 30;

export const CONTENDERS: readonly Contender[] = [
  { name: 'pages', title: 'this kernel', kind: 'pages', twin: null },
  pages('bit-scan', 'bit scan (original)', { ramBytes: GIB, why: 'search' }),
  pages('word-scan', 'word scan, next fit'),
  pages('buddy', 'buddies, page records (Linux)', { ramBytes: 8 * GIB, why: 'init' }),
  pages('llfree', 'LLFree'),
  pages('free-list', 'linked list (xv6)', { ramBytes: GIB, why: 'init' }),
  { name: 'heap', title: 'this kernel', kind: 'blocks', twin: null },
  blocks('tlsf', 'TLSF'),
  blocks('dlmalloc', 'bins and trees (dlmalloc)'),
  blocks('first-fit', 'first fit, by address'),
  blocks('original-heap', 'first fit, never joined (original)'),
  { ...blocks('mac-zone', 'handles (Macintosh zone)'), entry: 'twins/zone-kernel.ts' },
  blocks('mac-zone-locked', 'handles, 1 in 16 locked'),
];

/** This kernel alone: what no twin has. */
export const ALONE: Contender = {
  name: 'alone',
  title: 'this kernel',
  kind: 'pages',
  twin: null,
  entry: 'twins/alone-kernel.ts',
};

function pages(name: string, title: string, reach?: Contender['reach']): Contender {
  const contender = { name, title, kind: 'pages', twin: `twins/pages/${name}` } as const;
  return reach === undefined ? contender : { ...contender, reach };
}

function blocks(name: string, title: string): Contender {
  return { name, title, kind: 'blocks', twin: `twins/heaps/${name}` };
}

/** Where the contender's kernel is built, from the project's root. */
export function benchKernelPath({ name }: Contender): string {
  return `dist/kernel/bench/${name}.elf`;
}
