/**
 * A profile in Callgrind's format, which KCachegrind and callgrind_annotate read. [Valgrind manual, "Callgrind Format Specification"]
 *
 * The format knows functions and calls between two of them, and no longer chains: costs of the same call in different contexts are added. A call
 * inside the same call, in a recursion, is in the outer one's cost already. There are no lines of source: all cost stands in line 0.
 */
import type { Profile } from '../../machine/profile.js';
import { totalCycles } from './call-profile.js';

/** Cycles and instructions. */
type Cost = [cycles: number, instructions: number];

interface CallSum {
  calls: number;
  /** With all that was called. */
  cost: Cost;
}

/** The text. `exporter` is name and version of this program. */
export function callgrindProfile(profile: Profile, title: string, exporter: string): string {
  const own = profile.frames.map((): Cost => [0, 0]);
  for (const [, frame, cycles, instructions] of profile.nodes)
    addTo(own[frame], [cycles, instructions]);
  const calls = callSums(profile);
  const all = own.reduce<Cost>((sum, cost) => [sum[0] + cost[0], sum[1] + cost[1]], [0, 0]);
  // A profile out of a trace has none.
  const tellsInstructions = all[1] > 0;
  const text = (cost: Cost): string => (tellsInstructions ? cost.join(' ') : String(cost[0]));
  const named = new Set<number>();
  // "(1) name" once, "(1)" from then on: name compression.
  const nameOf = (frame: number): string => {
    if (named.has(frame)) return `(${frame})`;
    named.add(frame);
    return `(${frame}) ${oneLine(profile.frames[frame] ?? '')}`;
  };
  const functions = own.flatMap((cost, frame) => {
    const called = [...(calls.get(frame) ?? [])];
    if (frame === 0 || (cost[0] === 0 && cost[1] === 0 && called.length === 0)) return [];
    const edges = called.map(
      ([callee, sum]) => `cfn=${nameOf(callee)}\ncalls=${sum.calls} 0\n0 ${text(sum.cost)}\n`,
    );
    return [`\nfn=${nameOf(frame)}\n0 ${text(cost)}\n${edges.join('')}`];
  });
  return [
    '# callgrind format\n',
    'version: 1\n',
    `creator: ${exporter}\n`,
    `cmd: ${oneLine(title)}\n`,
    'positions: line\n',
    `events: Cycles${tellsInstructions ? ' Instructions' : ''}\n`,
    `summary: ${text(all)}\n`,
    // Callgrind's own word for a file that is not known.
    '\nfl=???',
    ...functions,
  ].join('');
}

/** By caller's and callee's frame. */
function callSums(profile: Profile): Map<number, Map<number, CallSum>> {
  const cycles = totalCycles(profile);
  const instructions = totalInstructions(profile);
  const sums = new Map<number, Map<number, CallSum>>();
  profile.nodes.forEach(([parent, frame, , , calls], number) => {
    const caller = profile.nodes[parent]?.[1] ?? 0;
    if (number === 0 || caller === 0) return;
    const ofCaller = sums.get(caller) ?? new Map<number, CallSum>();
    sums.set(caller, ofCaller);
    const sum = ofCaller.get(frame) ?? { calls: 0, cost: [0, 0] };
    ofCaller.set(frame, sum);
    sum.calls += calls;
    if (isInside(profile, parent, caller, frame)) return;
    addTo(sum.cost, [cycles[number] ?? 0, instructions[number] ?? 0]);
  });
  return sums;
}

/** Whether the node, or one of its callers, was itself called so. */
function isInside({ nodes }: Profile, from: number, caller: number, callee: number): boolean {
  for (let at = from; at !== 0; at = nodes[at]?.[0] ?? 0) {
    const [parent, frame] = nodes[at] ?? [0, 0];
    if (frame === callee && nodes[parent]?.[1] === caller) return true;
  }
  return false;
}

function totalInstructions(profile: Profile): number[] {
  const nodes = profile.nodes.map(
    ([parent, frame, , instructions, calls]) => [parent, frame, instructions, 0, calls] as const,
  );
  return totalCycles({ ...profile, nodes });
}

function addTo(sum: Cost | undefined, cost: Cost): void {
  if (sum === undefined) return;
  sum[0] += cost[0];
  sum[1] += cost[1];
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
