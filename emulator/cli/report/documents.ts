/** The files that `s7x report` writes, by their options: other tools' formats, pictures, pages. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageVersion } from '../artefacts.js';
import { atlasPage } from './atlas-page.js';
import { foldedStacks } from './call-profile.js';
import { callgrindProfile } from './callgrind.js';
import { chromeTrace } from './chrome-trace.js';
import { flameGraph } from './flame-graph.js';
import { lcovTrace } from './lcov.js';
import { massifFile } from './massif.js';
import { SerialText } from '../serial-text.js';
import type { RunFiles } from './run-files.js';
import { runPage } from './run-page.js';
import { speedscopeProfile } from './speedscope.js';
import { summaryLines } from './text-report.js';

/** Makes the text. `before` is what the run is compared with, where it is. @throws ConfigurationError where nothing of the kind was recorded */
type ReportDocument = (shown: RunFiles, before: RunFiles | null) => string;

export const REPORT_DOCUMENTS = {
  folded: (shown) => foldedStacks(shown.profile('--folded')),
  flame: (shown, before) =>
    flameGraph(shown.profile('--flame'), {
      title: titleOf(shown, before),
      ...(before === null ? {} : { before: before.profile('--flame') }),
    }),
  chrome: (shown) => chromeTrace(shown.trace('--chrome'), titleOf(shown, null)),
  speedscope: (shown) =>
    speedscopeProfile(shown.profile('--speedscope'), titleOf(shown, null), exporter()),
  callgrind: (shown) =>
    callgrindProfile(shown.profile('--callgrind'), titleOf(shown, null), exporter()),
  html: (shown, before) =>
    runPage(shown, before, {
      title: titleOf(shown, before),
      serialText: serialTextOf(shown),
      tool: exporter(),
    }),
  massif: (shown) => {
    const { image, stats } = shown.folder.record;
    const span = shown.span ?? { from: 0, to: stats.cycles };
    const file = image?.path.split('/').at(-1) ?? 'firmware';
    return massifFile(shown.pages('--massif'), span, titleOf(shown, null), file);
  },
  lcov: (shown) => lcovTrace(shown.coverage('--lcov'), shown.image('--lcov')),
  memory: (shown) => atlasPage(shown.pages('--memory'), titleOf(shown, null), factsOf(shown)),
} as const satisfies Readonly<Record<string, ReportDocument>>;

/** What COM1 showed, without escape sequences. */
function serialTextOf({ folder }: RunFiles): string {
  const path = join(folder.path, 'serial.log');
  if (!existsSync(path)) return '';
  const text = new SerialText();
  return [...readFileSync(path)].map((byte) => text.take(byte)).join('');
}

function exporter(): string {
  return `s7x ${packageVersion()}`;
}

function factsOf({ folder: { record } }: RunFiles): string {
  return summaryLines(record)
    .filter(([name]) => name === 'machine' || name === 'guest time' || name === 'memory')
    .map(([, value]) => value)
    .join(' · ');
}

function titleOf({ folder: { record }, interval }: RunFiles, before: RunFiles | null): string {
  const image = record.image?.path.split('/').at(-1) ?? 'firmware';
  const title = `${image} · ${String(record.config['cpu'])}`;
  const part = interval === null ? title : `${title} · ${interval.text}`;
  return before === null ? part : `${part}, compared with ${before.folder.path}`;
}
