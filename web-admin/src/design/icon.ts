import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** Paths of the icons on a 20 × 20 grid, drawn as lines. */
const icons = {
  overview: 'M3 11h5V3H3zM12 17h5V9h-5zM3 17h5v-3H3zM12 6h5V3h-5z',
  groups: 'M3 6l7-3 7 3-7 3zM3 10l7 3 7-3M3 14l7 3 7-3',
  logs: 'M4 5h12M4 10h12M4 15h8',
  activity: 'M2 10h4l2.5-6 4 12L15 10h3',
  settings: 'M4 6h7M15 6h1M4 14h1M9 14h7M13 4v4M7 12v4',
  tasks: 'M4 6l1.5 1.5L8 5M4 13l1.5 1.5L8 12M11 6.5h5M11 13.5h5',
  plus: 'M10 4v12M4 10h12',
  close: 'M5 5l10 10M15 5L5 15',
  copy: 'M7 7V4h9v9h-3M4 7h9v9H4z',
  link: 'M8.500 11.500l3-3M8 8L6 10a2.800 2.800 0 0 0 4 4l2-2M12 12l2-2a2.800 2.800 0 0 0-4-4L8 8',
  duplicate: 'M7 7h9v9H7zM4 13V4h9M11.500 9.500v4M9.500 11.500h4',
  check: 'M4 10.5l4 4 8-9',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM13 13l4 4',
  blank: '',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  next: 'M8 4l6 6-6 6',
  down: 'M5 8l5 5 5-5',
  up: 'M5 12l5-5 5 5',
  sun: 'M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM10 2v2M10 16v2M2 10h2M16 10h2M4.5 4.5L6 6M14 14l1.5 1.5M4.5 15.5L6 14M14 6l1.5-1.5',
  language:
    'M3 5h8M7 3v2M9 5c-.5 3-2.500 5.500-5.500 7M5 8c1 2 3 3.500 5 4M10 17l3.500-8 3.500 8M11.300 14h4.400',
  signOut: 'M8 4H4v12h4M12 6l4 4-4 4M16 10H8',
  signIn: 'M12 4h4v12h-4M3 10h9M9 6l4 4-4 4',
  key: 'M12.500 3.500a4 4 0 1 1-3.800 5.200L3 14.500V17h2.500v-2H7.500v-2H9.500l1-1',
  download: 'M10 3v9M6 9l4 4 4-4M4 16h12',
  upload: 'M10 13V4M6 7l4-4 4 4M4 16h12',
  refresh: 'M16 10a6 6 0 1 1-2-4.500M16 3v3h-3',
  play: 'M7 4l9 6-9 6z',
  pause: 'M7 4v12M13 4v12',
  warning: 'M10 3l8 14H2zM10 8v4M10 14.500v.01',
  filter: 'M3 5h14M6 10h8M8.500 15h3',
  away: 'M3 8a10 10 0 0 1 14 0M6 11.500a6 6 0 0 1 8 0M10 15v.01M4 3l12 14',
  lock: 'M5 9h10v8H5zM7 9V6.500a3 3 0 0 1 6 0V9M10 12v2',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.600L14 6',
  edit: 'M4 16l.8-3.200L13 4.600l2.400 2.400-8.200 8.200z',
  drag: 'M8 5v.01M12 5v.01M8 10v.01M12 10v.01M8 15v.01M12 15v.01',
  eye: 'M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  shield: 'M10 3l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V5z',
  undo: 'M5 9h7a4 4 0 0 1 0 8H9M5 9l3-3M5 9l3 3',
  menu: 'M3 6h14M3 10h14M3 14h14',
} as const;
export type IconName = keyof typeof icons;

/** A line icon; says nothing to a screen reader, so what it stands for must be written beside it. */
@Component({
  selector: 'km-icon',
  template: `<svg viewBox="0 0 20 20" aria-hidden="true"><path [attr.d]="path()" /></svg>`,
  styles: `
    :host {
      display: inline-flex;
      flex: none;
    }
    svg {
      width: 18px;
      height: 18px;
      fill: none;
      stroke: currentcolor;
      stroke-width: 1.6;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
    :host(.dense) svg {
      width: 14px;
      height: 14px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Icon {
  readonly name = input.required<IconName>();
  readonly path = computed(() => icons[this.name()]);
}
