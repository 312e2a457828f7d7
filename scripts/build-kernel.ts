/**
 * Builds the kernel: guest sources in kernel/src → an ELF file that boots, and its listing.
 */
import { join } from 'node:path';
import { debugSources } from '../kernel/compiler/debug-sources.js';
import { sourceFolder } from '../kernel/compiler/frontend.js';
import { buildKernelElf, type KernelBuild } from '../kernel/compiler/kernel-elf.js';

/**
 * Compiles kernel/src/kmain.ts, as the release or as the debug build. Throws CompileError with file and line for a mistake
 * in the sources.
 */
export function buildKernel(rootDir: string, kind: 'release' | 'debug'): Promise<KernelBuild> {
  const folder = sourceFolder(join(rootDir, 'kernel/src'));
  const readSource = kind === 'debug' ? debugSources(folder) : folder;
  const build = buildKernelElf(readSource, 'kmain.ts', 'kernel/src');
  for (const warning of build.warnings) process.stderr.write(`warning: kernel/src/${warning}\n`);
  return Promise.resolve(build);
}
