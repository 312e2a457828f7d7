/** A run's profile: what charges it, and the files that it leaves. */
import { join } from 'node:path';
import type { Machine } from '../machine/machine.js';
import type { Profile } from '../machine/profile.js';
import { Profiler } from '../machine/profiler.js';
import type { StackObserver } from '../timing/timing-engine.js';
import { loadProfilerArtefacts } from './artefacts.js';
import type { LoadedImage } from './boot-files.js';
import { writeJson, writeText } from './output-folder.js';
import { foldedStacks } from './report/call-profile.js';

export const PROFILE_FILES: readonly string[] = ['profile.json', 'profile.folded'];

/** The core for `--cpu unit`, and the profiler of any model. @throws HostError when the project has not been built */
export function openProfiler(
  { image }: LoadedImage,
  observer?: StackObserver,
): {
  readonly core: Uint8Array;
  readonly profiler: Profiler;
} {
  const { core, engine } = loadProfilerArtefacts();
  return { core, profiler: new Profiler(engine, image, observer) };
}

/** profile.json and profile.folded. @throws HostError */
export function writeProfile(
  folder: string,
  { processor, symbols }: Machine,
  profiler: Profiler,
): Profile {
  const profile = profiler.profile(processor.memory, symbols);
  writeJson(join(folder, 'profile.json'), profile, 0);
  writeText(join(folder, 'profile.folded'), foldedStacks(profile));
  return profile;
}
