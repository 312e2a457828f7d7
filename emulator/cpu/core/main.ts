/**
 * Entry of the core: what the host may call. Everything else passes through linear memory, as laid out in
 * emulator/isa/state-layout.ts.
 */
export { watchpointsChanged } from './breakpoints';
export { dropAllCode, invalidateAllCode } from './code-cache';
export { pageWalkDebug, translateDebug } from './debug-walk';
export { getRflags, setRflags } from './flags';
export { residentBytes, setResidentLimit } from './frame-pool';
export { run } from './interpreter';
export { watchStores } from './mmu';
export { flushAll } from './mode';
export {
  a20Changed,
  physicalFill,
  physicalLoad,
  physicalRead,
  physicalWrite,
  ramRangesChanged,
} from './physical-access';
export { settle } from './pending-flags';
export { hashMemory } from './physical-hash';
export { deliverExternalInterrupt, deliverNonmaskableInterrupt } from './run-control';
export { stepUop } from './translated-run';
export { setPowerOnPattern } from './uniform';
