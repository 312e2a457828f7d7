/** Scripts of emulator/cli/browser, for a page or picture that carries them itself. */
import { readFileSync } from 'node:fs';
import { HostError } from '../../base/errors.js';
import { artefactPath } from '../artefacts.js';
import { reasonOf } from '../host-file.js';

/** The files of each script, in the order of their dependence. */
const PARTS = {
  atlas: ['atlas-model', 'atlas'],
  flame: ['flame'],
  report: ['line-intervals', 'report'],
  sweep: ['row-order', 'sweep'],
} as const;

/** The compiled script `name` as text for a script element: no module, no names outside itself. */
export function browserScript(name: keyof typeof PARTS): string {
  return `(() => {\n${PARTS[name].map(part).join('\n')}\n})();`;
}

/** One compiled file without what makes it a module. */
function part(name: string): string {
  const path = artefactPath(`dist/emulator/cli/browser/${name}.js`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new HostError(`${path} cannot be read (run npm run build): ${reasonOf(error)}`);
  }
  return text
    .replace(/^export \{\};$/m, '')
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export (?=const|function)/gm, '')
    .trim();
}
