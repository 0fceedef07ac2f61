/**
 * Shows enough of a secret to recognise it in a list: `sk-abc…wxyz`. Never more than half of it is
 * shown, so that short secrets hide more.
 */
export function mask(secret: string): string {
  const characters = [...secret];
  const shown = (head: number, tail: number) =>
    `${characters.slice(0, head).join('')}…${tail === 0 ? '' : characters.slice(-tail).join('')}`;
  if (characters.length >= 20) return shown(6, 4);
  if (characters.length >= 12) return shown(3, 3);
  if (characters.length >= 8) return shown(2, 0);
  return '…';
}
