/**
 * Builds the bench kernels: this kernel's own allocators and their twins, each linked with the drivers of
 * kernel/src/bench. `npm run build:bench` writes dist/kernel/bench/NAME.elf; plain `npm run build` does not need them.
 */
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { benchSources } from '../kernel/compiler/bench-sources.js';
import { sourceFolder } from '../kernel/compiler/frontend.js';
import { buildKernelElf } from '../kernel/compiler/kernel-elf.js';
import { buildCached } from './artefact-cache.js';
import { ALONE, benchKernelPath, CONTENDERS, type Contender } from './kernel-bench/contenders.js';

const INPUTS = [
  ...[
    'kernel/src',
    'kernel/compiler',
    'scripts/build-bench.ts',
    'scripts/kernel-bench/contenders.ts',
  ],
  'package-lock.json',
];
/** What is timed stays a call, as small as it may be; the kernel's own names and the twins'. */
const TIMED = [
  ...['*/allocPage', '*/freePage', '*/allocRun', '*/freeRun', '*/allocFrame', '*/freeFrame'],
  ...['*/pmm_alloc_page', '*/pmm_free_page', '*/pmm_alloc_pages', '*/pmm_free_pages_run'],
  ...['*/kmalloc_pages', '*/kfree_pages', '*/kmalloc', '*/kfree', '*/krealloc', '*/kmalloc_small'],
  ...[
    '*/kmem_cache_alloc_bulk',
    '*/kmem_cache_free_bulk',
    '*/vm_map',
    '*/vm_unmap',
    '*/vm_protect',
  ],
  ...[
    '*/kmem_cache_alloc',
    '*/kmem_cache_free',
    '*/emptyAlloc',
    '*/emptyFree',
    '*/heapAlloc',
    '*/heapFree',
    '*/heapRealloc',
  ],
];

/** Builds the bench kernel of one contender, unless it is up to date. */
export function buildBenchKernel(rootDir: string, contender: Contender): Promise<void> {
  return buildCached(rootDir, {
    name: `bench-${contender.name}`,
    inputs: INPUTS,
    build: () =>
      Promise.resolve(new Map([[benchKernelPath(contender), compile(rootDir, contender)]])),
  });
}

function compile(rootDir: string, contender: Contender): Uint8Array {
  const { kind, twin } = contender;
  const folder = sourceFolder(join(rootDir, 'kernel/src'));
  const subject = kind === 'pages' ? 'bench/page-subject' : 'bench/heap-subject';
  const sources = twin === null ? folder : benchSources(folder, subject, twin);
  const usual = kind === 'pages' ? 'twins/page-kernel.ts' : 'twins/heap-kernel.ts';
  return buildKernelElf(sources, contender.entry ?? usual, 'kernel/src', TIMED).elf;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  for (const contender of [...CONTENDERS, ALONE]) await buildBenchKernel(rootDir, contender);
}
