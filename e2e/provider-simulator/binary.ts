/** Bytes of every value that follow from their number: a download to compare. */
export function simulatedBytes(length: number): Buffer {
  const made = Buffer.alloc(length);
  let state = 0x9e3779b9;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    made[at] = state >>> 24;
  }
  return made;
}
