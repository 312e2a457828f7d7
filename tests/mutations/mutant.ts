/** The kernel compiled from its sources with a defect put in: text by text, in memory. */
import { join } from 'node:path';
import { debugSources } from '../../kernel/compiler/debug-sources.js';
import { sourceFolder, type SourceReader } from '../../kernel/compiler/frontend.js';
import { buildKernelElf } from '../../kernel/compiler/kernel-elf.js';
import { projectRoot } from '../cli/s7x.js';

export interface Edit {
  /** Relative to kernel/src; a document is one, too. */
  readonly file: string;
  /** Text that is there exactly once. */
  readonly replace: string;
  readonly by: string;
}

const folder = sourceFolder(join(projectRoot, 'kernel/src'));

/** The kernel's sources with `edits` done. @throws when the text of one is not there exactly once */
export function editedSources(edits: readonly Edit[], readSource = folder): SourceReader {
  for (const { file, replace } of edits) {
    const found = (readSource(file) ?? '').split(replace).length - 1;
    if (found !== 1)
      throw new Error(`kernel/src/${file} has the text to replace ${found} times: ${replace}`);
  }
  return (path) =>
    edits
      .filter(({ file }) => file === path)
      .reduce((text, { replace, by }) => text?.split(replace).join(by) ?? null, readSource(path));
}

/** ELF file of the kernel with `edits` done. */
export function mutantImage(
  edits: readonly Edit[],
  kind: 'release' | 'debug' = 'release',
): Uint8Array {
  const sources = editedSources(edits);
  const readSource = kind === 'debug' ? debugSources(sources) : sources;
  return buildKernelElf(readSource, 'kmain.ts', 'kernel/src').elf;
}
