/**
 * Builds the kernel: guest sources in kernel/src → an ELF file that boots, and its listing.
 */
import { join } from 'node:path';
import { buildKernelElf, type KernelBuild } from '../kernel/compiler/kernel-elf.js';

/** Compiles kernel/src/kmain.ts. Throws CompileError with file and line for a mistake in the sources. */
export function buildKernel(rootDir: string): Promise<KernelBuild> {
  const build = buildKernelElf(join(rootDir, 'kernel/src'), 'kmain.ts', 'kernel/src');
  for (const warning of build.warnings) process.stderr.write(`warning: kernel/src/${warning}\n`);
  return Promise.resolve(build);
}
