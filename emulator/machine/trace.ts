/**
 * What the machine reports about itself while it runs. Events are typed; text is made at the edge (`cli/`).
 * Every event carries the cycle at which it happened; no host time.
 */
export type TraceCategory =
  'int' | 'exc' | 'mmu' | 'io' | 'msr' | 'cpuid' | 'dev' | 'unimp' | 'guest-error' | 'boot';

export const TRACE_CATEGORIES: readonly TraceCategory[] = [
  'int',
  'exc',
  'mmu',
  'io',
  'msr',
  'cpuid',
  'dev',
  'unimp',
  'guest-error',
  'boot',
];

/** Categories that users later regret not having had. */
export const DEFAULT_TRACE_CATEGORIES: readonly TraceCategory[] = ['unimp', 'guest-error'];

/** The message of a byte that went out while the UART's transmitter had no room. */
export const TRANSMIT_LOST = 'byte written to a full UART transmitter is lost';

export interface TraceEvent {
  readonly category: TraceCategory;
  /** One clause, lower case, without the values. */
  readonly message: string;
  readonly cycle: number;
  /** RIP of the instruction that was executing, and its symbol where the image has one. */
  readonly rip: bigint;
  readonly symbol: string | null;
  readonly values: Readonly<Record<string, string | number>>;
}

export interface TraceSink {
  /** Categories that are wanted; others need not be built. */
  readonly categories: ReadonlySet<TraceCategory>;
  event(event: TraceEvent): void;
}

/** A sink for runs that nobody watches. */
export const SILENT_TRACE: TraceSink = { categories: new Set(), event: () => undefined };

/** Of an access to a port, or to a device's register in memory: `where` names what `place` is. */
export function accessValues(
  where: 'port' | 'address',
  place: number | bigint,
  widthBytes: number,
  value: number | bigint,
): Readonly<Record<string, string | number>> {
  const hex = (number: number | bigint): string => `0x${number.toString(16)}`;
  return { [where]: hex(place), bytes: widthBytes, value: hex(value) };
}
