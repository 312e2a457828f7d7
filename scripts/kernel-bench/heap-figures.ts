/** What the runs of the heaps say: the line of each contender, operation and mix. */
import type { BenchLine } from '../bench/kernel-lines.js';
import { CONTENDERS, type Contender } from './contenders.js';
import type { Counter, Outcome, Run } from './run-kernels.js';

export const HEAP_CONTENDERS: readonly Contender[] = CONTENDERS.filter(
  ({ kind }) => kind === 'blocks',
);
export const BLOCK_SIZES = [16, 64, 512, 2048, 4096, 32_768] as const;
export const MIXES = [
  { mix: 'pages', permille: 500, title: 'pages, 50 %' },
  { mix: 'pages', permille: 800, title: 'pages, 80 %' },
  { mix: 'pages', permille: 850, title: 'pages, 85 %' },
  { mix: 'resized', permille: 500, title: 'resized, 50 %' },
  { mix: 'resized', permille: 800, title: 'resized, 80 %' },
  { mix: 'bytes', permille: 500, title: 'bytes, 50 %' },
  { mix: 'bytes', permille: 800, title: 'bytes, 80 %' },
] as const;
export type Mix = (typeof MIXES)[number];
export type HeapOperation = 'kmalloc' | 'kfree' | 'krealloc' | 'heap_score' | 'heap_compact';
export type ObjectOperation = 'object_pair' | 'object_alloc' | 'object_free';
/** The loops of the last two, around functions that do nothing but return: what is in those of the call and the loop. */
const EMPTY_LOOPS = {
  object_alloc: { operation: 'loop_alloc', instructions: 2 },
  object_free: { operation: 'loop_free', instructions: 1 },
} as const;

/** All boots. */
export function heapRuns(ram: string, words: string): Run[] {
  return (['zen1', 'unit'] as const).flatMap((counter) =>
    HEAP_CONTENDERS.map((contender) => ({
      contender,
      ram,
      counter,
      words: `bench ${words}`.trim(),
    })),
  );
}

type Fields = BenchLine['fields'];

export class HeapFigures {
  constructor(private readonly outcomes: readonly Outcome[]) {}

  private lines(contender: Contender, counter: Counter): readonly BenchLine[] {
    const found = this.outcomes.find(
      ({ run }) => run.contender === contender && run.counter === counter,
    );
    return found?.lines ?? [];
  }

  /** In cycles; null when the contender has no such line. */
  ofMix(contender: Contender, operation: HeapOperation, mix: Mix): Fields | null {
    const line = this.lines(contender, 'zen1').find(
      ({ op, fields }) => op === operation && isOf(mix, fields),
    );
    return line?.fields ?? null;
  }

  /** The state of the heap on the way, in order. */
  way(contender: Contender, mix: Mix): readonly Fields[] {
    return this.lines(contender, 'zen1')
      .filter(({ op, fields }) => op === 'heap_frag' && isOf(mix, fields))
      .map(({ fields }) => fields);
  }

  /** The median of one call: a block allocated and freed at once. */
  pair(contender: Contender, counter: Counter, size: number): number | null {
    return this.perCall(
      contender,
      counter,
      ({ op, fields }) => op === 'block_pair' && fields['size'] === size,
    );
  }

  /** The median of one call with objects of 64 bytes. */
  object(contender: Contender, counter: Counter, operation: ObjectOperation): number | null {
    return this.perCall(contender, counter, ({ op }) => op === operation);
  }

  /** Instructions of the loop around a call, the one that calls included. */
  loop(contender: Contender, operation: keyof typeof EMPTY_LOOPS): number | null {
    const empty = EMPTY_LOOPS[operation];
    const found = this.perCall(contender, 'unit', ({ op }) => op === empty.operation);
    return found === null ? null : found - empty.instructions;
  }

  /** The median of the instructions of one call, from its first to its return. */
  ownInstructions(contender: Contender, operation: keyof typeof EMPTY_LOOPS): number | null {
    const all = this.object(contender, 'unit', operation);
    const loop = this.loop(contender, operation);
    return all === null || loop === null ? null : Math.round(all - loop); // the two RDTSC are in both
  }

  private perCall(
    contender: Contender,
    counter: Counter,
    isWanted: (line: BenchLine) => boolean,
  ): number | null {
    const fields = this.lines(contender, counter).find(isWanted)?.fields;
    const p50 = fields?.['p50'];
    return p50 === undefined ? null : p50 / (fields?.['batch'] ?? 1);
  }
}

function isOf({ mix, permille }: Mix, fields: Fields): boolean {
  return mix in fields && fields['permille'] === permille;
}

/** 1 − longest free block / free bytes; 0 when nothing is free. */
export function scattered({ free = 0, largest = 0 }: Fields): number {
  return free === 0 ? 0 : 1 - Math.min(1, largest / free);
}
