/** The core's, the engine's and the call tree's parts of the one memory: each behind the other. */
import { expect, it } from 'vitest';
import * as core from '../isa/state-layout.js';
import { CALL_TREE, CALL_TREE_BYTES } from './call-tree-layout.js';
import { ENGINE_END, PARAMETERS } from './engine-layout.js';
import { MEMO_END } from './memo-layout.js';

/** What AssemblyScript's static data of a module may take. */
const STATIC_DATA_BYTES = 0x10000;

it('no area reaches into the next', () => {
  const areas: readonly (readonly [name: string, base: number, end: number])[] = [
    ['decoded code', core.CODE_ARENA, core.CODE_ARENA_END],
    ['frame information', core.FRAME_INFO, core.TIMING_STATE],
    ['access log', core.ACCESS_LOG, core.ACCESS_LOG_END],
    ['engine', PARAMETERS, ENGINE_END],
    ["engine's static data", ENGINE_END, ENGINE_END + STATIC_DATA_BYTES],
    ['call tree', CALL_TREE, CALL_TREE + CALL_TREE_BYTES],
    [
      "profiler's static data",
      CALL_TREE + CALL_TREE_BYTES,
      CALL_TREE + CALL_TREE_BYTES + STATIC_DATA_BYTES,
    ],
    ['TLBs', core.TIMING_STATE_END, core.MEMO],
    ['memo', core.MEMO, MEMO_END],
    ['levels of tables', core.TABLE_LEVELS, core.FRAMES],
  ];
  areas.slice(1).forEach(([name, base], index) => {
    const [before, , end] = areas[index] ?? ['', 0, 0];
    expect(base, `${before} ends before ${name} begins`).toBeGreaterThanOrEqual(end);
  });
});
