/** Scripts of emulator/cli/browser, for a page or picture that carries them itself. */
import { readFileSync } from 'node:fs';
import { HostError } from '../../base/errors.js';
import { artefactPath } from '../artefacts.js';
import { reasonOf } from '../serial-output.js';

/** The compiled script `name` as text for a script element: no module, no names outside itself. */
export function browserScript(name: 'atlas' | 'flame'): string {
  const path = artefactPath(`dist/emulator/cli/browser/${name}.js`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new HostError(`${path} cannot be read (run npm run build): ${reasonOf(error)}`);
  }
  const body = text.replace(/^export \{\};$/m, '').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  return `(() => {\n${body.trim()}\n})();`;
}
