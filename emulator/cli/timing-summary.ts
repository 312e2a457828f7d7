/** The timing engine's counters as one line of the status block. Names: emulator/timing/counters.ts. */

type Counters = Readonly<Record<string, number>>;

const SLOTS: readonly (readonly [string, string])[] = [
  ['SlotsRetiring', 'retiring'],
  ['SlotsBadSpeculation', 'bad speculation'],
  ['SlotsFrontEnd', 'front end'],
  ['SlotsBackEndMemory', 'memory'],
  ['SlotsBackEndCore', 'core'],
];

/** Misses and mispredictions, given for a thousand instructions. */
const RATES: readonly (readonly [string, string])[] = [
  ['BranchMispredictions', 'mispredicted'],
  ['L1dMisses', 'L1D'],
  ['L2Misses', 'L2'],
  ['L3Misses', 'L3'],
  ['PageWalks', 'page walks'],
];

/** Where dispatch slots went (top-down), misses for a thousand instructions, and how much rests on estimated figures. */
export function timingSummary(counters: Counters): string {
  const value = (name: string): number => counters[name] ?? 0;
  const slots = SLOTS.reduce((sum, [name]) => sum + value(name), 0);
  const shares = SLOTS.map(([name, words]) => `${words} ${percent(value(name), slots)}`);
  const thousands = value('Instructions') / 1000;
  const rates = RATES.map(([name, words]) => `${words} ${per(value(name), thousands)}`);
  const busy = slots === 0 ? 0 : value('EstimatedCycles');
  return (
    `slots: ${shares.join(', ')} · per 1000 instructions: ${rates.join(', ')} · ` +
    `cycles on estimates ${formatMillions(busy)}`
  );
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(0)} %`;
}

function per(count: number, thousands: number): string {
  return thousands === 0 ? '0' : (count / thousands).toFixed(1);
}

function formatMillions(cycles: number): string {
  return `${(cycles / 1e6).toFixed(1)} M`;
}
