import { wantsCanary } from '../boot-options';
import {
  pmmAllocFree,
  pmmBadFrees,
  pmmBasic,
  pmmEdges,
  pmmInitTwice,
  pmmNeverReserved,
  pmmReservedStays,
} from './frame-tests';
import { kheapBadFrees, kheapDoubleFree, kheapInitTwice, kheapRanges } from './heap-misuse-tests';
import {
  kheapAlignment,
  kheapBasic,
  kheapCoalescing,
  kheapExactFit,
  kheapExhaustion,
  kheapInPlace,
  kheapRealloc,
  kheapStress,
} from './heap-tests';
import { mapLimits, mapRules } from './map-tests';
import {
  hugeSizes,
  largeBlocks,
  largeRealloc,
  runContiguous,
  runTableGrows,
  runTooLong,
} from './run-tests';
import { slabBasic, slabConstructor, slabMisuse, smallBlocks } from './slab-tests';
import { check, runTest, suiteBegin, suiteEnd } from './suite';
import {
  vmGuards,
  vmImage,
  vmProtection,
  vmRefusals,
  vmRemap,
  vmSizes,
  vmSplitMerge,
  vmWindow,
} from './vm-tests';
import { windowReach } from './window-tests';

/**
 * Runs all tests on the live allocators, and leaves everything as it was. Returns the number of tests that failed.
 */
export function nk_memory_run_tests(): u32 {
  suiteBegin();
  runTest('pmm_basic', pmmBasic);
  runTest('pmm_alloc_free', pmmAllocFree);
  runTest('kheap_basic', kheapBasic);
  runTest('kheap_realloc', kheapRealloc);
  runTest('kheap_stress', kheapStress);

  runTest('map_rules', mapRules);
  runTest('map_limits', mapLimits);
  runTest('window_reach', windowReach);
  runTest('pmm_never_reserved', pmmNeverReserved);
  runTest('pmm_reserved_stays', pmmReservedStays);
  runTest('pmm_bad_frees', pmmBadFrees);
  runTest('pmm_edges', pmmEdges);
  runTest('pmm_init_twice', pmmInitTwice);
  runTest('run_contiguous', runContiguous);
  runTest('run_too_long', runTooLong);
  runTest('run_table_grows', runTableGrows);
  runTest('large_blocks', largeBlocks);
  runTest('large_realloc', largeRealloc);
  runTest('huge_sizes', hugeSizes);
  runTest('kheap_alignment', kheapAlignment);
  runTest('kheap_exact_fit', kheapExactFit);
  runTest('kheap_coalescing', kheapCoalescing);
  runTest('kheap_in_place', kheapInPlace);
  runTest('kheap_exhaustion', kheapExhaustion);
  runTest('kheap_double_free', kheapDoubleFree);
  runTest('kheap_bad_frees', kheapBadFrees);
  runTest('kheap_init_twice', kheapInitTwice);
  runTest('kheap_ranges', kheapRanges);
  runTest('slab_basic', slabBasic);
  runTest('slab_constructor', slabConstructor);
  runTest('slab_misuse', slabMisuse);
  runTest('small_blocks', smallBlocks);
  runTest('vm_sizes', vmSizes);
  runTest('vm_split_merge', vmSplitMerge);
  runTest('vm_refusals', vmRefusals);
  runTest('vm_remap', vmRemap);
  runTest('vm_protection', vmProtection);
  runTest('vm_image', vmImage);
  runTest('vm_window', vmWindow);
  runTest('vm_guards', vmGuards);
  if (wantsCanary) runTest('canary', canary);
  return suiteEnd();
}

/** Asked for by the command-line word `canary`: shows that a failure is seen. */
function canary(): void {
  check(false, 'this test was asked to fail');
}
