import { print, printLine } from './console';
import { EXIT_PANIC, exitWith, haltForEver } from './power';
import { x86 } from './x86';

/** The end of a kernel that no longer trusts itself. What an exception says first is in panic.ts. */
let panicking: bool = false;

/** Nothing interrupts the last words, and a panic within a panic says nothing more. */
export function enterPanic(): void {
  x86.cli();
  if (panicking) haltForEver();
  panicking = true;
}

/** A broken invariant of our own, found by a check: says so and ends the run with EXIT_PANIC. */
export function panic(text: string): void {
  enterPanic();
  print('\n[nk_panic] ');
  printLine(text);
  exitWith(EXIT_PANIC);
}
