/** The files that a boot needs: the image, its modules or initial RAM disk. */
import { gunzipSync } from 'node:zlib';
import { ConfigurationError, HostError } from '../base/errors.js';
import type { BootModule } from '../machine/boot/modules.js';
import { flatImage, withFiles, type PlacedFile } from '../machine/boot/placed-files.js';
import { IMAGE_KINDS, recogniseImage, type BootImage, type ImageKind } from '../machine/image.js';
import { readSymbolFile } from '../machine/symbol-file.js';
import { PHYSICAL_ADDRESS_END } from '../machine/ram-layout.js';
import { didYouMean } from '../memory/nearest-name.js';
import { bundledKernelPath } from './artefacts.js';
import { readHostFile, reasonOf } from './host-file.js';
import { splitLoad, splitModule } from './path-words.js';
import { sha256 } from './sha256.js';

/** Magic number, and DEFLATE. */
const GZIP_HEADER: readonly number[] = [0x1f, 0x8b, 8];
/** More than any kernel; what a damaged or hostile file may become in memory. */
const IMAGE_BYTES_MAX = 0x4000_0000;

/** A file that the kernel gets, and the text that goes with it. */
export interface ModuleSpec {
  readonly path: string;
  readonly commandLine: string;
}

/** `--load FILE@ADDRESS`. */
export interface LoadSpec {
  readonly path: string;
  readonly address: bigint;
}

/** What `--load` and `--entry` say. */
export interface PlacementSpec {
  readonly loads: readonly LoadSpec[];
  readonly entry: bigint | null;
}

export interface LoadedImage {
  readonly image: BootImage;
  readonly sha256: string;
  readonly modules: readonly BootModule[];
  /** Of the modules' bytes, and of those of `--load`, in their order. */
  readonly moduleSha256: readonly string[];
  readonly loadSha256: readonly string[];
  /** `--disk`. */
  readonly disk: { readonly bytes: Uint8Array; readonly sha256: string } | null;
  /** SHA-256 of the file of `--symbols`, which the image's symbols then are. */
  readonly symbolsSha256: string | null;
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
function chooseImage(words: {
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
    const { path, behind } = splitModule(word);
    return { path, commandLine: behind.slice(1) };
  });
  if (modules.some(({ path }) => path === '')) {
    throw new ConfigurationError('--module: no file is named; it is FILE or FILE=ARGUMENTS');
  }
  return initrd === undefined ? modules : [{ path: initrd, commandLine: '' }, ...modules];
}

/** Each `--load FILE@ADDRESS`, and `--entry ADDRESS`. @throws ConfigurationError naming option and value */
export function parsePlacement(words: readonly string[], entry: string | undefined): PlacementSpec {
  const loads = words.map((word) => {
    const { path, behind } = splitLoad(word);
    const address = behind.slice(1);
    if (path === '' || address === '') {
      throw new ConfigurationError(`--load ${word}: it is FILE@ADDRESS, such as data.bin@0x200000`);
    }
    return { path, address: parseAddress(address, `--load ${word}`) };
  });
  return { loads, entry: entry === undefined ? null : parseAddress(entry, `--entry ${entry}`) };
}

function parseAddress(word: string, option: string): bigint {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(word) || BigInt(word) >= PHYSICAL_ADDRESS_END) {
    throw new ConfigurationError(
      `${option}: ${word} is no physical address: a number below 2^52, such as 0x200000`,
    );
  }
  return BigInt(word);
}

function read(path: string, what: string): Uint8Array {
  if (path === '') throw new ConfigurationError(`${what}: no file is named`);
  try {
    return readHostFile(path);
  } catch (error) {
    throw new HostError(`${what} ${path} cannot be read: ${reasonOf(error)}`);
  }
}

/** All that the options name. @throws HostError, ConfigurationError as parsing and loadImage() do */
export function loadBootFiles(args: {
  readonly image?: string | undefined;
  readonly boot: string | undefined;
  readonly firmware: string | undefined;
  readonly initrd: string | undefined;
  readonly module: readonly string[];
  readonly load: readonly string[];
  readonly entry: string | undefined;
  readonly disk: string | undefined;
  readonly symbols: string | undefined;
}): LoadedImage {
  const modules = parseModules(args.initrd, args.module);
  const placement = parsePlacement(args.load, args.entry);
  const others = { diskPath: args.disk ?? null, symbolsPath: args.symbols ?? null };
  return loadImage(chooseImage(args), modules, placement, others);
}

/**
 * Reads image, modules and files to be loaded; without a path and without such files the bundled kernel.
 * @throws HostError when a file cannot be read, ConfigurationError when the image cannot be booted
 */
export function loadImage(
  { path, kind }: { readonly path: string | undefined; readonly kind: ImageKind | undefined },
  modules: readonly ModuleSpec[],
  { loads, entry }: PlacementSpec,
  {
    diskPath,
    symbolsPath,
  }: { readonly diskPath: string | null; readonly symbolsPath: string | null },
): LoadedImage {
  const files = loads.map((load) => ({ ...load, bytes: read(load.path, 'file') }));
  const { image, bytes } = chosenImage(path, kind, files, entry);
  const loadedModules = modules.map((module) => ({
    ...module,
    bytes: read(module.path, 'module'),
  }));
  const symbols = symbolsPath === null ? null : read(symbolsPath, 'symbol file');
  return {
    image:
      symbols === null || symbolsPath === null
        ? image
        : {
            ...image,
            symbols: readSymbolFile(symbols, symbolsPath),
            symbolsPath,
            symbolsFile: symbols,
          },
    symbolsSha256: symbols === null ? null : sha256(symbols),
    sha256: sha256(bytes),
    modules: loadedModules,
    moduleSha256: loadedModules.map((module) => sha256(module.bytes)),
    loadSha256: files.map((file) => sha256(file.bytes)),
    disk: diskPath === null ? null : readDisk(diskPath, image),
  };
}

function readDisk(path: string, image: BootImage): { bytes: Uint8Array; sha256: string } {
  if (image.kind === 'boot-sector') {
    throw new ConfigurationError(
      `--disk ${path}: ${image.path} is a boot sector, and with what follows it the disk itself`,
    );
  }
  const bytes = read(path, 'disk');
  if (bytes.byteLength === 0) throw new ConfigurationError(`--disk ${path}: the file is empty`);
  return { bytes, sha256: sha256(bytes) };
}

/** A module and a `--load` as the command line names them. */
export function moduleWord({ path, commandLine }: ModuleSpec): string {
  return commandLine === '' ? path : `${path}=${commandLine}`;
}

export function loadWord({ path, address }: LoadSpec): string {
  return `${path}@0x${address.toString(16)}`;
}

function chosenImage(
  path: string | undefined,
  kind: ImageKind | undefined,
  files: readonly PlacedFile[],
  entry: bigint | null,
): { image: BootImage; bytes: Uint8Array } {
  const [first] = files;
  if (path === undefined && first !== undefined) {
    if (kind !== undefined && kind !== 'flat') {
      throw new ConfigurationError(`--boot ${kind}: there is no image, only --load`);
    }
    return { image: flatImage(files, entry), bytes: first.bytes };
  }
  const imagePath = path ?? bundledKernelPath();
  const bytes = read(imagePath, 'image');
  const contents = decompressed(bytes, imagePath);
  const image = recogniseImage(contents, imagePath, kind === 'flat' ? undefined : kind);
  return { image: withFiles(image, files, entry), bytes };
}

/** An image compressed as distributions do with kernels (`xen.gz`); others are as they are. [RFC 1952] "Member header" */
function decompressed(bytes: Uint8Array, path: string): Uint8Array {
  if (!GZIP_HEADER.every((byte, index) => bytes[index] === byte)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: IMAGE_BYTES_MAX });
  } catch (error) {
    throw new ConfigurationError(
      `${path}: compressed by gzip, and cannot be decompressed: ${reasonOf(error)}`,
    );
  }
}
