/** What a suite is called that needs a package of Debian's. */

/** The title of a suite: says what is missing where it is skipped. */
export function withPackage(title: string, path: string | null, name: string): string {
  return path === null ? `${title} (skipped: Debian's package ${name} is not installed)` : title;
}
