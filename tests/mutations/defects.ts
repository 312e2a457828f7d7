/** All defects that the mutation tests put back. */
import type { Defect } from './defect.js';
import { FRAME_DEFECTS } from './frame-defects.js';
import { HEAP_DEFECTS } from './heap-defects.js';
import { OBJECT_DEFECTS } from './object-defects.js';
import { PROMISE_DEFECTS } from './promise-defects.js';
import { RUN_DEFECTS } from './run-defects.js';
import { TABLE_DEFECTS } from './table-defects.js';

export const DEFECTS: readonly Defect[] = [
  ...HEAP_DEFECTS,
  ...OBJECT_DEFECTS,
  ...FRAME_DEFECTS,
  ...RUN_DEFECTS,
  ...PROMISE_DEFECTS,
  ...TABLE_DEFECTS,
];
