/** kmalloc, its family and the caches on the emulated processor: each named check, and interrupts that allocate. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { HEAP_CHECKS } from './heap-checks.js';
import { INTERRUPTED_CALLS, interruptEverywhere } from './interrupted-calls.js';
import { ParkedKernel } from './parked-kernel.js';

describe('the kernel heap', () => {
  let kernel: ParkedKernel;
  beforeAll(() => {
    kernel = new ParkedKernel(pcMap(parseSize('64M')).map);
  });

  it.each([...HEAP_CHECKS])('%s', (_, check) => check(kernel));

  it.each(INTERRUPTED_CALLS)(
    'an interrupt that allocates and frees, at every instruction of $name, harms neither',
    (call) => {
      const { boundaries, interrupted } = interruptEverywhere(kernel, call);
      expect(boundaries).toBeGreaterThan(call.name.startsWith('kmem_cache_') ? 8 : 20);
      expect(interrupted).toBe(boundaries);
    },
  );
});
