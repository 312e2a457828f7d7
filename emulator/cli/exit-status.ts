/**
 * Exit statuses: odd is the guest's, even is ours (docs/cli.md, "Exit status").
 */
export const EXIT_SUCCESS = 0;
export const EXIT_USAGE = 2;
export const EXIT_ASSERTION = 4;
export const EXIT_CRASH = 6;
export const EXIT_HANG = 8;
export const EXIT_HOST = 10;
/** A run that was to be the same is not. */
export const EXIT_DIVERGED = 12;
export const EXIT_INTERNAL = 14;
/** As GNU timeout. */
export const EXIT_TIMEOUT = 124;

/** What isa-debug-exit makes of a written value, as a process status has eight bits. */
export function debugExitStatus(value: number): number {
  return ((value << 1) | 1) & 0xff;
}
