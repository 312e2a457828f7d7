/** The comparison as text. */
import { mapeWithUncovered, type Comparison, type ComparedBlock } from './comparison.js';
import { agreement, relativeError } from './statistics.js';

const HEADINGS = ['', 'blocks', 'MAPE', 'median', 'within 10 %', 'bias', 'tau-b'];
const WIDTHS = [20, 8, 9, 9, 13, 9, 9];

export function reportLines(comparison: Comparison, worst: number): string[] {
  const { blocks, uncovered, uncoveredBlocks } = comparison;
  const total = blocks.length + uncoveredBlocks;
  const lines = [
    `${comparison.path}: ${total} blocks, ${comparison.mode === 'loop' ? 'loops of copies' : 'straight lines of copies, from the decoders (op cache off)'}`,
  ];
  if (blocks.length > 0) lines.push(...tableLines(blocks));
  lines.push(`covered: ${percent(blocks.length / total)} of the blocks`);
  if (blocks.length > 0) {
    const { mape } = agreement(blocks);
    lines.push(
      `MAPE with each uncovered block as 100 %: ${percent(mapeWithUncovered(mape, comparison))}`,
    );
  }
  for (const [reason, count] of [...uncovered].sort((a, b) => b[1] - a[1])) {
    lines.push(`  not covered: ${String(count).padStart(5)}  ${reason}`);
  }
  if (worst > 0) lines.push(...worstLines(blocks, worst));
  return lines;
}

function tableLines(blocks: readonly ComparedBlock[]): string[] {
  const groups: [string, readonly ComparedBlock[]][] = [['all', blocks]];
  for (const half of ['tuned on', 'judged on'] as const) {
    groups.push([half, blocks.filter((block) => block.half === half)]);
  }
  for (const name of [...new Set(blocks.map(({ blockClass }) => blockClass))].sort()) {
    groups.push([name, blocks.filter(({ blockClass }) => blockClass === name)]);
  }
  const rows = groups
    .filter(([, members]) => members.length > 0)
    .map(([name, members]) => {
      const found = agreement(members);
      return [
        name,
        String(found.blocks),
        percent(found.mape),
        percent(found.medianError),
        percent(found.within10Percent),
        percent(found.bias),
        Number.isNaN(found.tau) ? '-' : found.tau.toFixed(4),
      ];
    });
  return [HEADINGS, ...rows].map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[column] ?? 0),
      )
      .join(''),
  );
}

function worstLines(blocks: readonly ComparedBlock[], count: number): string[] {
  return [...blocks]
    .sort((a, b) => Math.abs(relativeError(b)) - Math.abs(relativeError(a)))
    .slice(0, count)
    .map(
      (block) =>
        `${block.measured.toFixed(2).padStart(8)} -> ${block.modelled.toFixed(2).padStart(8)} ` +
        `${percent(relativeError(block)).padStart(9)}  ${block.name || block.hex}  ${block.instructions.join('; ')}`,
    );
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
