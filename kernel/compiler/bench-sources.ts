/** The sources of a bench kernel: those of the kernel, with another allocator in the place of the one that is measured. */
import type { SourceReader } from './frontend.js';

/** Where the drivers of kernel/src/bench find the allocator of pages, and that of blocks. */
export type Subject = 'bench/page-subject' | 'bench/heap-subject';

/** `twin` is the path of the twin's module in kernel/src, without .ts. */
export function benchSources(
  readSource: SourceReader,
  subject: Subject,
  twin: string,
): SourceReader {
  return (path) => (path === `${subject}.ts` ? `export * from '../${twin}';\n` : readSource(path));
}
