/** The ablation table: what each detail of the model is worth, by leaving it out. */
import { ConfigurationError } from '../../emulator/base/errors.js';
import type { CoreModel, ParameterName } from '../../emulator/timing/core-model.js';
import { withParameters } from './block-runner.js';
import { compare } from './comparison.js';
import type { MeasuredFile } from './measured-blocks.js';
import { percent } from './report.js';
import { agreement } from './statistics.js';

type Change = readonly [what: string, parameters: Partial<Record<ParameterName, number>>];

const MANY = 64;
const CHANGES: readonly Change[] = [
  ['the model as it is', {}],
  ['four instructions dispatched a cycle', { DispatchInstructions: 4 }],
  ['six instructions dispatched a cycle', { DispatchInstructions: 6 }],
  ['five macro-ops dispatched a cycle, parted', { DispatchInstructions: 0, DispatchWidth: 5 }],
  ['far displacements from RSP for nothing', { StackDisplacementBytes: 4 }],
  ['pairs of operations in any queue slots', { QueuedPerCycle: 0 }],
  ['forwarded data as fast as the cache', { StoreForward: 4 }],
  ['forwarding in 5 cycles', { StoreForward: 5 }],
  ['failed forwarding costs nothing more', { StoreForwardFail: 0 }],
  ['no move elimination', { MoveElimination: 0 }],
  ['no zero idioms', { ZeroIdioms: 0 }],
  ['no stack engine', { StackEngine: 0 }],
  ['ports chosen at execution', { QueuedPorts: 0 }],
  ['address ports chosen at execution', { AddressQueueEntries: 0 }],
  ['no window of the decoders', { DecodeBytes: MANY, DecodeLongBytes: MANY }],
  ['load-to-use in 5 cycles', { LoadLatency: 5 }],
  ['no port for store data', { StoreDataPorts: 0 }],
  ['a LEA at an address port passes through no ALU', { AddressResultPorts: 0 }],
  ['words written in part for nothing', { NarrowStore: 0 }],
  ['lines from the second level at any rate', { FillPath: 0 }],
  [
    'splits of lines and pages for nothing',
    { LineSplitLoad: 0, LineSplitStore: 0, PageSplitLoad: 0, PageSplitStore: 0 },
  ],
  ['taken branches in 1 cycle', { TakenBranch: 1 }],
  ['reorder buffer of 64', { ReorderBufferSlots: 64 }],
];

/** A table in Markdown, a column for each file. */
export function ablationLines(
  files: readonly MeasuredFile[],
  model: CoreModel,
  sample: number,
): string[] {
  const columns = files.flatMap(({ mode }) => [`MAPE, ${mode}`, `tau-b, ${mode}`]);
  const rows = CHANGES.map(([what, parameters]) => {
    const overrides = new Map(Object.entries(parameters) as [ParameterName, number][]);
    const changed = withParameters(model, overrides);
    const cells = files.flatMap((file) => {
      const { blocks } = compare(file, changed, sample);
      if (blocks.length === 0) throw new ConfigurationError(`${file.path}: no block is covered`);
      const { mape, tau } = agreement(blocks);
      return [percent(mape), Number.isNaN(tau) ? '-' : tau.toFixed(3)];
    });
    return [what, ...cells];
  });
  return [['change', ...columns], ['---', ...columns.map(() => '---:')], ...rows].map(
    (row) => `| ${row.join(' | ')} |`,
  );
}
