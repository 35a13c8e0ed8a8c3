/** Where each row begins, and behind the last one where the list ends. */
export function prefixSums(count: number, heightOf: (index: number) => number): Float64Array {
  const offsets = new Float64Array(count + 1);
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    offsets[index] = sum;
    sum += heightOf(index);
  }
  offsets[count] = sum;
  return offsets;
}

/** The row at a distance from the top; the nearest one when there is none. */
export function rowAt(offsets: Float64Array, distance: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= distance) low = middle;
    else high = middle - 1;
  }
  return low;
}
