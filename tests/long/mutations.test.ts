/** Every recorded defect put back into the kernel, one at a time: its check must see it. */
import { it } from 'vitest';
import { DEFECTS } from '../mutations/defects.js';
import { expectSeen } from '../mutations/defect-test.js';

it.each(DEFECTS.map((defect) => [defect.name, defect] as const))('%s', (_, defect) => {
  expectSeen(defect);
});
