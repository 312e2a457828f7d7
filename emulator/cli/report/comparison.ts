/** Two runs side by side, for a terminal. */
import type { Profile } from '../../machine/profile.js';
import { formatCount } from '../quantities.js';
import { functionRows } from './call-profile.js';
import type { RunFolder } from './run-folder.js';

/** What stands above rows of `changeRow`. */
export function changeHead(before: string): string[] {
  return [
    `compared with ${before}`,
    `${'before'.padStart(17)} ${'after'.padStart(17)} ${'change'.padStart(11)}`,
  ];
}

export function changeRow(name: string, from: number, to: number): string {
  const change =
    from === 0 ? '' : `${to < from ? '' : '+'}${((100 * (to - from)) / from).toFixed(2)} %`;
  return `${formatCount(from).padStart(17)} ${formatCount(to).padStart(17)} ${change.padStart(11)}  ${name}`;
}

/** Figures of both runs, and the functions whose own cycles changed most. */
export function comparisonLines(before: RunFolder, after: RunFolder, top: number): string[] {
  const [a, b] = [before.record.stats, after.record.stats];
  return [
    ...changeHead(before.path),
    changeRow('cycles', a.cycles, b.cycles),
    changeRow('instructions', a.instructions, b.instructions),
    changeRow('bytes of host storage', a.residentBytes, b.residentBytes),
    before.record.hash === after.record.hash
      ? 'the final state is the same'
      : 'the final states differ',
    ...changedFunctions(before.profile, after.profile, top),
  ];
}

/** The `top` functions whose own cycles changed most; nothing where one of the runs has no profile. */
export function changedFunctions(
  before: Profile | null,
  after: Profile | null,
  top: number,
): string[] {
  if (before === null || after === null) return [];
  const earlier = new Map(functionRows(before).map((each) => [each.name, each.selfCycles]));
  const later = new Map(functionRows(after).map((each) => [each.name, each.selfCycles]));
  const changes = [...new Set([...later.keys(), ...earlier.keys()])]
    .map((name) => ({ name, from: earlier.get(name) ?? 0, to: later.get(name) ?? 0 }))
    .filter(({ from, to }) => from !== to)
    .sort((x, y) => Math.abs(y.to - y.from) - Math.abs(x.to - x.from));
  const shown = changes.slice(0, top).map(({ name, from, to }) => changeRow(name, from, to));
  return ['own cycles of functions, largest change first', ...shown];
}
