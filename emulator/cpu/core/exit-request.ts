/** Why a run of the core ends after the current instruction. */

/** `exitReason` while the run goes on. */
export const RUNNING: u32 = 0xffffffff;

/** RUNNING when it need not end. */
export let exitReason: u32 = RUNNING;

/** Ends the run after the current instruction; RUNNING takes that back. */
export function requestExit(reason: u32): void {
  exitReason = reason;
}
