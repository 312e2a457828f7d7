/** The sources of the debug build: those of the kernel, with the one constant of debug-build.ts changed. */
import { CompileError } from './compile-error.js';
import type { SourceReader } from './frontend.js';

const FILE = 'debug-build.ts';
const RELEASE = 'DEBUG: bool = false';
const DEBUG = 'DEBUG: bool = true';

export function debugSources(readSource: SourceReader): SourceReader {
  return (path) => {
    const text = readSource(path);
    if (path !== FILE || text === null) return text;
    if (!text.includes(RELEASE)) throw new CompileError(`${FILE}: does not say \`${RELEASE}\``);
    return text.replace(RELEASE, DEBUG);
  };
}
