/**
 * A profile in speedscope's file format: one sample for each calling context that cost something, as heavy as its cycles.
 * [speedscope, "Importing from custom sources", file-format-schema.json, SampledProfile]
 */
import type { Profile } from '../../machine/profile.js';

/** The format's schema says that this is its name. */
const SCHEMA = 'https://www.speedscope.app/file-format-schema.json';

/** The document. `exporter` is name and version of this program. */
export function speedscopeProfile(profile: Profile, title: string, exporter: string): string {
  const costly = profile.nodes.flatMap(([, , cycles], number) =>
    cycles > 0 ? [{ stack: frameStack(profile, number), cycles }] : [],
  );
  const all = costly.reduce((sum, { cycles }) => sum + cycles, 0);
  const sampled = {
    type: 'sampled',
    name: `${title}: cycles`,
    unit: 'none',
    startValue: 0,
    endValue: all,
    samples: costly.map(({ stack }) => stack),
    weights: costly.map(({ cycles }) => cycles),
  };
  const document = {
    $schema: SCHEMA,
    name: title,
    exporter,
    shared: { frames: profile.frames.map((name) => ({ name })) },
    profiles: [sampled],
  };
  return `${JSON.stringify(document)}\n`;
}

/** Numbers of the frames from the outermost caller to the node's function. */
function frameStack({ nodes }: Profile, number: number): number[] {
  const stack: number[] = [];
  for (let at = number; at !== 0; at = nodes[at]?.[0] ?? 0) stack.unshift(nodes[at]?.[1] ?? 0);
  return stack;
}
