import { signal } from '@angular/core';
import { describe, expect, it } from 'vitest';
import { placeAfter, RowFocus, scrolledTo } from './row-focus.ts';

describe('the one row of a list that Tab goes to', () => {
  it('is the one that was focused last, while it exists', () => {
    const [window, inSight] = [signal({ start: 0, size: 30 }), signal({ start: 0 })];
    const focus = new RowFocus(window, inSight);
    expect(focus.place()).toBe(0);
    focus.focused(7);
    expect(focus.place()).toBe(7);
    window.set({ start: 100, size: 30 });
    inSight.set({ start: 112 });
    expect(focus.place()).toBe(112);
  });
});

describe('the arrow keys', () => {
  it('lead to the next row and the one before, and never beyond the ends', () => {
    expect(placeAfter('ArrowDown', 4, 10)).toBe(5);
    expect(placeAfter('ArrowUp', 4, 10)).toBe(3);
    expect(placeAfter('ArrowDown', 9, 10)).toBe(9);
    expect(placeAfter('ArrowUp', 0, 10)).toBe(0);
    expect(placeAfter('Enter', 4, 10)).toBeUndefined();
  });

  it('scroll only as far as the row needs', () => {
    const sight = { top: 400, height: 200, rowPx: 40 };
    expect(scrolledTo(12, sight)).toBe(400);
    expect(scrolledTo(15, sight)).toBe(440);
    expect(scrolledTo(9, sight)).toBe(360);
  });
});
