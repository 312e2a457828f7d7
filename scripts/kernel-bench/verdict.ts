/** Who is faster where. */

/**
 * Where a twin takes fewer cycles than this kernel, or can what this kernel cannot: all of `places`, some by name, or none.
 * A null is a figure that is not there.
 */
export function verdict(
  ours: readonly (number | null)[],
  twins: readonly (number | null)[],
  places: readonly string[],
  prefix = '',
): string {
  const compared = places.filter((_, index) => twins[index] != null);
  const won = places.filter((_, index) => {
    const [own, twin] = [ours[index] ?? null, twins[index] ?? null];
    return twin !== null && (own === null || twin < own);
  });
  if (won.length === 0) return 'nowhere';
  if (won.length === compared.length && won.length === places.length) return `${prefix}everywhere`;
  return prefix + won.join(', ');
}
