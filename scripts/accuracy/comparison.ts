/** Measured files through a model: what each block took, what was not covered. */
import { createHash } from 'node:crypto';
import { disassemble, type BlockClass } from './disassembly.js';
import { BlockRunner } from './block-runner.js';
import type { MeasuredFile } from './measured-blocks.js';
import type { CoreModel } from '../../emulator/timing/core-model.js';

/** From dist/scripts/accuracy. */
const BINARIES = new URL('../../emulator/', import.meta.url);

export interface ComparedBlock {
  readonly hex: string;
  readonly name: string;
  readonly instructions: readonly string[];
  readonly blockClass: BlockClass;
  /** The model was tuned on one half of the blocks only; the other judges it. */
  readonly half: 'tuned on' | 'judged on';
  readonly measured: number;
  readonly modelled: number;
}

export interface Comparison {
  readonly path: string;
  readonly mode: 'unrolled' | 'loop';
  readonly blocks: readonly ComparedBlock[];
  /** Blocks that could not be run, by reason with the instruction's mnemonic. */
  readonly uncovered: ReadonlyMap<string, number>;
  readonly uncoveredBlocks: number;
}

/** The share of the uncovered blocks counts as an error of 100 % each. */
export function mapeWithUncovered(mape: number, { blocks, uncoveredBlocks }: Comparison): number {
  return (mape * blocks.length + uncoveredBlocks) / (blocks.length + uncoveredBlocks);
}

/** Every `sample`th block of the file. */
export function compare(file: MeasuredFile, model: CoreModel, sample: number): Comparison {
  const runner = new BlockRunner(model, file.mode, BINARIES);
  const blocks: ComparedBlock[] = [];
  const uncovered = new Map<string, number>();
  let uncoveredBlocks = 0;
  file.blocks.forEach((block, index) => {
    if (index % sample !== 0) return;
    const { instructions, offsets, blockClass } = disassemble(block.hex);
    const outcome = runner.measure(block, instructions.length);
    if (outcome.kind === 'uncovered') {
      const text = instructions[offsets.indexOf(outcome.offset)] ?? instructions.join('; ');
      const reason = `${mnemonicOf(text)}: ${outcome.reason}`;
      uncovered.set(reason, (uncovered.get(reason) ?? 0) + 1);
      uncoveredBlocks++;
      return;
    }
    const { hex, name, cycles: measured } = block;
    const half = halfOf(hex);
    blocks.push({ hex, name, instructions, blockClass, half, measured, modelled: outcome.cycles });
  });
  return { path: file.path, mode: file.mode, blocks, uncovered, uncoveredBlocks };
}

/** By the block's code alone, so that a block is in the same half in every file. */
function halfOf(hex: string): ComparedBlock['half'] {
  const [first = 0] = createHash('sha256').update(hex).digest();
  return (first & 1) === 0 ? 'tuned on' : 'judged on';
}

function mnemonicOf(text: string): string {
  return text.split(' ')[0] ?? text;
}
