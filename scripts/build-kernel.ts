/**
 * Builds the kernel: guest sources in kernel/src → an ELF file that boots, and its listing.
 */
import { join } from 'node:path';
import { CompileError } from '../kernel/compiler/compile-error.js';
import { debugSources } from '../kernel/compiler/debug-sources.js';
import { sourceFolder } from '../kernel/compiler/frontend.js';
import { buildKernelElf, type KernelBuild } from '../kernel/compiler/kernel-elf.js';

const FOLDER = 'kernel/src';

/**
 * Compiles kernel/src/kmain.ts, as the release or as the debug build. Throws CompileError with file and line for a mistake
 * in the sources; files are named from the project's root.
 */
export function buildKernel(rootDir: string, kind: 'release' | 'debug'): Promise<KernelBuild> {
  const folder = sourceFolder(join(rootDir, FOLDER));
  const readSource = kind === 'debug' ? debugSources(folder) : folder;
  try {
    const build = buildKernelElf(readSource, 'kmain.ts', FOLDER);
    for (const warning of build.warnings) process.stderr.write(`warning: ${fromRoot(warning)}\n`);
    return Promise.resolve(build);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new CompileError(fromRoot(error.message));
  }
}

/** Puts the folder before each line that begins with a file's name. */
function fromRoot(lines: string): string {
  return lines.replace(/^(?=\w\S*\.ts:)/gm, `${FOLDER}/`);
}
