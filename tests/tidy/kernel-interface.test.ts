/** The kernel's documents against its sources; that the checks see a damaged document is in tests/mutations (D6). */
import { join } from 'node:path';
import { it } from 'vitest';
import { sourceFolder } from '../../kernel/compiler/frontend.js';
import { projectRoot } from '../cli/s7x.js';
import { DOCUMENT_CHECKS } from './document-checks.js';

it.each(Object.entries(DOCUMENT_CHECKS))('%s', (_, check) => {
  check(sourceFolder(join(projectRoot, 'kernel/src')));
});
