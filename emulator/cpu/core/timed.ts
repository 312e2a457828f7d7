/**
 * Which of the two cores this is. The build (scripts/build-core.ts) turns the constant to true for core-timed.wasm, which
 * drives a timing engine (isa/timing-interface.ts); in the plain core the compiler leaves out whatever depends on it.
 */
export const TIMED: bool = false;
