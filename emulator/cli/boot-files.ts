/** The files that a boot needs: the image, its modules or initial RAM disk. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigurationError, HostError } from '../base/errors.js';
import type { BootModule } from '../machine/boot/modules.js';
import { IMAGE_KINDS, recogniseImage, type BootImage, type ImageKind } from '../machine/image.js';
import { didYouMean } from '../memory/nearest-name.js';
import { bundledKernelPath } from './artefacts.js';
import { reasonOf } from './serial-output.js';

/** A file that the kernel gets, and the text that goes with it. */
export interface ModuleSpec {
  readonly path: string;
  readonly commandLine: string;
}

export interface LoadedImage {
  readonly image: BootImage;
  readonly sha256: string;
  readonly modules: readonly BootModule[];
}

/** `--boot KIND`. @throws ConfigurationError for a kind that there is not */
function parseImageKind(word: string | undefined): ImageKind | undefined {
  if (word === undefined) return undefined;
  const kind = IMAGE_KINDS.find((name) => name === word);
  if (kind !== undefined) return kind;
  throw new ConfigurationError(
    `--boot ${word}: no such boot protocol (there are: ${IMAGE_KINDS.join(', ')})${didYouMean(word, IMAGE_KINDS)}`,
  );
}

/**
 * The image and its kind by `image`, `--boot` and `--firmware`.
 * @throws ConfigurationError when a ROM and an image are given, or another kind with a ROM
 */
export function chooseImage(words: {
  readonly image?: string | undefined;
  readonly boot: string | undefined;
  readonly firmware: string | undefined;
}): { readonly path: string | undefined; readonly kind: ImageKind | undefined } {
  const { image, boot, firmware } = words;
  const kind = parseImageKind(boot);
  if (firmware === undefined) return { path: image, kind };
  if (image !== undefined || (kind !== undefined && kind !== 'firmware')) {
    const other = image === undefined ? `--boot ${boot}` : `image ${image}`;
    throw new ConfigurationError(
      `--firmware ${firmware}: a foreign ROM boots what it finds; it cannot go with ${other}`,
    );
  }
  return { path: firmware, kind: 'firmware' };
}

/** `--initrd FILE` and each `--module FILE[=arguments]`, in this order. */
export function parseModules(initrd: string | undefined, words: readonly string[]): ModuleSpec[] {
  const modules = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) return { path: word, commandLine: '' };
    return { path: word.slice(0, equals), commandLine: word.slice(equals + 1) };
  });
  if (modules.some(({ path }) => path === '')) {
    throw new ConfigurationError('--module: no file is named; it is FILE or FILE=ARGUMENTS');
  }
  return initrd === undefined ? modules : [{ path: initrd, commandLine: '' }, ...modules];
}

function read(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new HostError(`${what} ${path} cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * Reads image and modules; without a path the bundled kernel.
 * @throws HostError when a file cannot be read, ConfigurationError when the image cannot be booted
 */
export function loadImage(
  { path, kind }: { readonly path: string | undefined; readonly kind: ImageKind | undefined },
  modules: readonly ModuleSpec[],
): LoadedImage {
  const imagePath = path ?? bundledKernelPath();
  const bytes = read(imagePath, 'image');
  const image = recogniseImage(bytes, imagePath, kind);
  return {
    image,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    modules: modules.map((module) => ({ ...module, bytes: read(module.path, 'module') })),
  };
}
