import { Injectable, signal } from '@angular/core';

export type Theme = 'auto' | 'light' | 'dark';
export const themes: readonly Theme[] = ['auto', 'light', 'dark'];

const storageKey = 'keymux.theme';

/** Light, dark, or as the system has it. */
@Injectable({ providedIn: 'root' })
export class ThemeChoice {
  readonly #theme = signal<Theme>(
    themes.find((each) => each === localStorage.getItem(storageKey)) ?? 'auto',
  );
  readonly theme = this.#theme.asReadonly();

  constructor() {
    document.documentElement.dataset['theme'] = this.#theme();
  }

  choose(theme: Theme): void {
    localStorage.setItem(storageKey, theme);
    document.documentElement.dataset['theme'] = theme;
    this.#theme.set(theme);
  }
}
