/** What passes between two lines of COM1 (emulator/cli/report/run-page.ts). */

/** Written by the command line, read by the script in the page. */
export interface LinesData {
  readonly coreHz: number;
  /** Of the part of the run that is shown: where it begins and ends, and each line between. */
  readonly cycles: readonly number[];
  readonly functions: readonly string[];
  /** Behind each of `cycles` but the last: own cycles of functions, `[function's number, cycles]`. */
  readonly costs: readonly (readonly (readonly [number, number])[])[];
  /** The same: pages that were written, filled, executed, read for the first time; empty where nobody noted them. */
  readonly pages: readonly (readonly number[])[];
}

export interface IntervalSums {
  readonly from: number;
  readonly to: number;
  readonly cycles: number;
  readonly ns: number;
  /** Dearest first. */
  readonly functions: readonly (readonly [name: string, cycles: number])[];
  /** Pages by their use, as `pages` has them. */
  readonly pages: readonly number[];
}

/** Between places `a` and `b` of `cycles`, in whatever order; of the same place, up to the next. */
export function sumsBetween(data: LinesData, a: number, b: number): IntervalSums {
  const [first, second] = a < b ? [a, b] : [b, a];
  const end = Math.min(first === second ? second + 1 : second, data.cycles.length - 1);
  const byFunction = new Map<number, number>();
  const pages: number[] = [];
  for (let gap = first; gap < end; gap++) {
    for (const [number, cycles] of data.costs[gap] ?? []) {
      byFunction.set(number, (byFunction.get(number) ?? 0) + cycles);
    }
    data.pages[gap]?.forEach((count, use) => {
      pages[use] = (pages[use] ?? 0) + count;
    });
  }
  const [from, to] = [data.cycles[first] ?? 0, data.cycles[end] ?? 0];
  const functions = [...byFunction]
    .map(([number, cycles]) => [data.functions[number] ?? '?', cycles] as const)
    .sort(([x, m], [y, n]) => n - m || (x < y ? -1 : 1));
  return {
    from,
    to,
    cycles: to - from,
    ns: Math.round(((to - from) / data.coreHz) * 1e9),
    functions,
    pages,
  };
}
