/** What a profile says: totals, functions, folded stacks. */
import type { Profile, ProfileNode } from '../../machine/profile.js';

/** Cycles of each node with all that it called, by its number. */
export function totalCycles({ nodes }: Profile): number[] {
  const totals = nodes.map(([, , cycles]) => cycles);
  // A caller stands before those it called.
  for (let number = nodes.length - 1; number > 0; number--) {
    const [parent] = nodes[number] as ProfileNode;
    totals[parent] = (totals[parent] ?? 0) + (totals[number] ?? 0);
  }
  return totals;
}

export interface FunctionRow {
  readonly name: string;
  /** Cycles of the function itself, and with all that it called; recursion counts once. */
  readonly selfCycles: number;
  readonly totalCycles: number;
  readonly instructions: number;
  readonly calls: number;
}

/** Functions by their own cycles, the dearest first. */
export function functionRows(profile: Profile): FunctionRow[] {
  const totals = totalCycles(profile);
  const rows = profile.frames.map((name) => ({
    name,
    selfCycles: 0,
    totalCycles: 0,
    instructions: 0,
    calls: 0,
  }));
  profile.nodes.forEach(([, frame, cycles, instructions, calls], number) => {
    const row = rows[frame];
    if (row === undefined || number === 0) return;
    row.selfCycles += cycles;
    row.instructions += instructions;
    row.calls += calls;
    if (!isRecursive(profile, number)) row.totalCycles += totals[number] ?? 0;
  });
  return rows.slice(1).sort((a, b) => b.selfCycles - a.selfCycles || b.totalCycles - a.totalCycles);
}

/** Whether the node's function is also one of its callers. */
function isRecursive({ nodes }: Profile, number: number): boolean {
  const frame = nodes[number]?.[1];
  for (let at = nodes[number]?.[0] ?? 0; at !== 0; at = nodes[at]?.[0] ?? 0) {
    if (nodes[at]?.[1] === frame) return true;
  }
  return false;
}

/** Names from the outermost caller to the node's function. */
export function stackOf({ nodes, frames }: Profile, number: number): string[] {
  const names: string[] = [];
  for (let at = number; at !== 0; at = nodes[at]?.[0] ?? 0) {
    names.unshift(frames[nodes[at]?.[1] ?? 0] ?? '');
  }
  return names;
}

/** Brendan Gregg's folded stacks: `caller;callee cycles`, one line for each stack that cost something, sorted. */
export function foldedStacks(profile: Profile): string {
  const lines = profile.nodes.flatMap(([, , cycles], number) =>
    cycles > 0 ? [`${stackOf(profile, number).join(';')} ${cycles}\n`] : [],
  );
  return lines.sort((a, b) => (a < b ? -1 : 1)).join('');
}
