/** The pipeline's state as a whole: packed relative to the dispatch cycle, with what can matter no more left out, and put back. */
import { MEMO_PACKED, STATE_BYTES_MAX, STATE_PACKED } from '../memo-layout';
import { packDataAccesses, unpackDataAccesses } from './data-accesses';
import { packFrontEnd, unpackFrontEnd } from './front-end';
import { packInstructions, unpackInstructions, waitingRecord } from './instructions';
import { internState } from './memo-tables';
import { beginPacking, packingFits } from './packing';
import * as pipeline from './pipeline';
import { packPorts, unpackPorts } from './ports';

/** Bytes of the state that presentState() was asked for last. */
export let packedBytes: u32 = 0;

/** Address of the state that the pipeline is in; 0: it is none that can be kept. */
export function presentState(): u32 {
  // A record that waits for its branch lies beside a block, which may be gone.
  if (waitingRecord() != 0) return 0;
  beginPacking();
  const now = pipeline.dispatchCycle;
  let to: u32 = packFrontEnd(MEMO_PACKED, now);
  to = pipeline.packPipeline(to);
  to = packInstructions(to);
  to = packDataAccesses(to, now);
  to = packPorts(to, now);
  packedBytes = to - MEMO_PACKED;
  if (!packingFits || to - MEMO_PACKED > <u32>STATE_BYTES_MAX) return 0;
  store<u64>(to, 0);
  return internState(MEMO_PACKED, (to + 7) & ~7);
}

/** The pipeline is in that state, in its present dispatch cycle. */
export function enterState(state: u32): void {
  const now = pipeline.dispatchCycle;
  let from = unpackFrontEnd(state + STATE_PACKED, now);
  from = pipeline.unpackPipeline(from);
  from = unpackInstructions(from);
  from = unpackDataAccesses(from, now);
  unpackPorts(from, now);
}
