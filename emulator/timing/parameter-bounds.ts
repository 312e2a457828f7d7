/** Between which values a model's parameters must lie: room in the engine's memory (engine-layout.ts), divisors, masks. */
import { BTB_L0_DIRECTION_MAX, WRITE_COMBINING_MAX } from './engine-layout.js';
import type { CoreModel, ParameterName } from './core-model.js';

type Bounds = readonly [minimum: number, maximum: number];

/** Entries that are found by the low bits of an address. */
const POWERS_OF_TWO: readonly ParameterName[] = [
  ...(['OpCacheSets', 'BtbL1Entries', 'BtbL2Entries', 'IndirectTargets'] as const),
  ...(['L1dSets', 'L1iSets', 'L2Sets', 'L2Ways', 'L3Sets', 'PageWalkCacheEntries'] as const),
];
const PORTS: Bounds = [1, 0xffff];
const NO_PORTS_OR: Bounds = [0, 0xffff];
/** Of a scheduler's queue: so many departures have room (SCHEDULER_QUEUES). */
const QUEUE_MAX = 32;
/** Hundredths of a byte in a cycle: a divisor. */
const RATE: Bounds = [1, 1_000_000];

const BOUNDS: Readonly<Partial<Record<ParameterName, Bounds>>> = {
  DispatchWidth: [1, 64],
  RetireWidth: [1, 64],
  // An instruction of more macro-ops than that would wait for itself.
  ReorderBufferSlots: [64, 512],
  LoadQueueEntries: [1, 256],
  StoreQueueEntries: [1, 256],
  OpQueueEntries: [1, 256],
  OpCacheOpsPerEntry: [1, 64],
  OpCacheLineShift: [4, 12],
  BtbL0Entries: [0, BTB_L0_DIRECTION_MAX],
  BtbL1Entries: [1, 512],
  BtbL2Entries: [1, 8192],
  IndirectTargets: [1, 512],
  ReturnStackEntries: [1, 64],
  LoadPorts: PORTS,
  StoreAddressPorts: PORTS,
  StoreDataPorts: NO_PORTS_OR,
  VectorStorePorts: NO_PORTS_OR,
  BranchPorts: PORTS,
  AluPorts: PORTS,
  AddressResultPorts: NO_PORTS_OR,
  QueuedPorts: NO_PORTS_OR,
  SchedulerQueueEntries: [1, QUEUE_MAX],
  AddressQueueEntries: [0, QUEUE_MAX],
  NarrowStoreBytes: [0, 16],
  L1dWays: [1, 16],
  L1iWays: [1, 16],
  L2Sets: [1, 4096],
  // The bits of its tree are in a byte.
  L2Ways: [1, 8],
  // Searched all at once (engine/set-search.ts).
  L3Ways: [0, 16],
  OutstandingMisses: [1, 64],
  WriteCombiningBuffers: [1, WRITE_COMBINING_MAX],
  FillOccupancy: [0, 64],
  FillPath: [0, 63],
  DtlbL1Entries: [1, 128],
  DtlbL2Sets: [1, 2048],
  DtlbL2Ways: [1, 16],
  ItlbL1Entries: [1, 128],
  ItlbL2Sets: [1, 2048],
  ItlbL2Ways: [1, 16],
  PageWalkCacheEntries: [1, 64],
  PageWalkers: [1, 16],
  NestedPaging: [0, 1],
  RepeatStosRateL2: RATE,
  RepeatStosRateL3: RATE,
  RepeatStosRateDram: RATE,
  RepeatMovsRateL1: RATE,
  RepeatMovsRateL2: RATE,
  RepeatMovsRateL3: RATE,
  RepeatMovsRateDram: RATE,
  DivideBits: [0, 10_000],
  VectorBytes: [1, 64],
  StackDisplacementBytes: [1, 4],
};

/** Entries in all of what has sets and ways. */
const ENTRIES: readonly (readonly [sets: ParameterName, ways: ParameterName, maximum: number])[] = [
  ['OpCacheSets', 'OpCacheWays', 1024],
  ['L1dSets', 'L1dWays', 1024],
  ['L1iSets', 'L1iWays', 2048],
  ['L2Sets', 'L2Ways', 16_384],
  ['L3Sets', 'L3Ways', 262_144],
  ['DtlbL2Sets', 'DtlbL2Ways', 2048],
  ['ItlbL2Sets', 'ItlbL2Ways', 2048],
];

/** A sentence for each parameter with which the engine would not work. */
export function parametersOutOfBounds(parameters: CoreModel['parameters']): string[] {
  const excess = Object.entries(BOUNDS)
    .map(([name, [minimum, maximum]]) => [name as ParameterName, minimum, maximum] as const)
    .filter(([name, minimum, maximum]) => {
      const { value } = parameters[name];
      return value < minimum || value > maximum;
    })
    .map(([name, minimum, maximum]) => `${name} must be ${minimum} to ${maximum}`);
  const uneven = POWERS_OF_TWO.filter((name) => !isPowerOfTwo(parameters[name].value));
  const large = ENTRIES.filter(
    ([sets, ways, maximum]) => parameters[sets].value * parameters[ways].value > maximum,
  );
  return [
    ...excess,
    ...uneven.map((name) => `${name} must be a power of two`),
    ...large.map(([sets, ways, maximum]) => `${sets} × ${ways} must be at most ${maximum}`),
  ];
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && value <= 2 ** 31 && (value & (value - 1)) === 0;
}
