/** The package's library: machines that a program boots, drives and looks at. docs/library.md shows it at work. */
export { ConfigurationError, HostError } from '../base/errors.js';
export type { RunRecord } from '../cli/run-record.js';
export type { RunEnd, RunEndKind } from '../machine/run-end.js';
export { boot, type MachineOptions } from './boot.js';
export type { BootOptions } from './boot-options.js';
export type { SerialConsole, SerialMatch, WaitOptions } from './serial-console.js';
export { sweep, type SweepOptions, type SweepRun } from './sweep.js';
export type { VirtualMachine } from './virtual-machine.js';
export { WaitError, type WaitFailure } from './wait-error.js';
