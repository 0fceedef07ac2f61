/**
 * Puts siblings into this order, before `end`, without moving the one that holds the focus: it would lose it.
 */
export function putInOrder(siblings: readonly Element[], end: Node | null): void {
  const held = siblings.findIndex((each) => each.contains(document.activeElement));
  const fixed = Math.max(0, held);
  const pivot = siblings[fixed];
  if (pivot === undefined) return;
  putBefore(end, siblings.slice(fixed + 1));
  putBefore(pivot, siblings.slice(0, fixed));
}

function putBefore(end: Node | null, siblings: readonly Element[]): void {
  let next = end;
  for (const each of siblings.toReversed()) {
    if (each.nextSibling !== next) each.parentNode?.insertBefore(each, next);
    next = each;
  }
}
