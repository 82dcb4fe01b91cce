/** A function that remembers what it gave: for what costs more than to look it up. At `most` it begins anew. */
export function remembered<Key, Value>(
  make: (key: Key) => Value,
  { most = 1_000 }: { most?: number } = {},
): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const there = known.get(key);
    if (there !== undefined) return there;
    const made = make(key);
    if (known.size >= most) known.clear();
    known.set(key, made);
    return made;
  };
}
