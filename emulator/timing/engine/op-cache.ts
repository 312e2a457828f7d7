/** The op cache: lines of code that were decoded before, by set, the one that was used last first. */
import { OP_CACHE, Parameter } from '../engine-layout';
import { parameter } from './parameters';

/** @inline */
function opCacheSet(code: u64): u32 {
  return (
    OP_CACHE +
    ((<u32>code) & (parameter(Parameter.OpCacheSets) - 1)) * parameter(Parameter.OpCacheWays) * 8
  );
}

/** Whether the line of code is there; it then is the one that was used last. */
export function inOpCache(code: u64): bool {
  const ways = parameter(Parameter.OpCacheWays);
  const set = opCacheSet(code);
  const tag = code + 1;
  if (ways == 0) return false;
  if (load<u64>(set) == tag) return true;
  for (let way: u32 = 1; way < ways; way++) {
    if (load<u64>(set + way * 8) != tag) continue;
    memory.copy(set + 8, set, way * 8);
    store<u64>(set, tag);
    return true;
  }
  return false;
}

/** Enters a line of `ops` operations: as many entries as they need. */
export function fillOpCache(code: u64, ops: u32): void {
  const ways = parameter(Parameter.OpCacheWays);
  if (ways == 0) return;
  const perEntry = parameter(Parameter.OpCacheOpsPerEntry);
  const entries = min((ops + perEntry - 1) / perEntry, ways);
  const set = opCacheSet(code);
  memory.copy(set + entries * 8, set, (ways - entries) * 8);
  for (let way: u32 = 0; way < entries; way++) store<u64>(set + way * 8, code + 1);
}
