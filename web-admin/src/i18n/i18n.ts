import { computed, Injectable, signal } from '@angular/core';
import { compactText, relativeText } from './amounts.ts';
import { en, type MessageKey, type Messages } from './en.ts';
import { fill, type Values } from './fill.ts';
import { dateFormat, numberFormat, plainFormat } from './formats.ts';
import { firstLanguage, type Language, loaders, locales } from './languages.ts';
import { withTimes } from './sentence.ts';

const storageKey = 'keymux.language';

/** Texts, numbers and times in the language of the reader. */
@Injectable({ providedIn: 'root' })
export class I18n {
  readonly #language = signal<Language>('en');
  readonly #messages = signal<Messages>(en);

  readonly language = this.#language.asReadonly();
  readonly locale = computed(() => locales[this.#language()]);

  constructor() {
    void this.use(firstLanguage(localStorage.getItem(storageKey), navigator.languages));
  }

  /** The text of a message in the current language. */
  readonly t = (key: MessageKey, values?: Values): string =>
    fill(this.#messages()[key], values, (n) => this.number(n));

  /** Whether there is a message of this name: for names that the server made. */
  has(key: string): key is MessageKey {
    return key in en;
  }

  async use(language: Language): Promise<void> {
    this.#messages.set(language === 'en' ? en : await loaders[language]());
    this.#language.set(language);
    document.documentElement.lang = locales[language];
  }

  async choose(language: Language): Promise<void> {
    localStorage.setItem(storageKey, language);
    await this.use(language);
  }

  number(value: number, options?: Intl.NumberFormatOptions): string {
    // Alike in all our languages, and most numbers of a list: written at a tenth of the cost.
    if (options === undefined && value >= 0 && value < 1_000 && Number.isInteger(value)) {
      return String(value);
    }
    const locale = this.locale();
    const format = options === undefined ? plainFormat(locale) : numberFormat(locale, options);
    return format.format(value);
  }

  /** 12,300 as 12.3K. */
  compact(value: number): string {
    return compactText(this.locale(), value);
  }

  /** With one digit after the point, so that columns of shares stand in line; two for a trace. */
  percent(share: number): string {
    const digits = share === 0 || share === 1 ? 0 : share < 0.001 ? 2 : 1;
    return this.number(share, {
      style: 'percent',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  }

  /** A span of ms in the unit that suits it. */
  span(ms: number): string {
    if (ms < 1_000) return `${this.number(ms, { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms`;
    if (ms < 60_000) return `${this.number(ms / 1_000, { maximumFractionDigits: 2 })} s`;
    const inMinutes = ms < 3_600_000;
    const value = ms / (inMinutes ? 60_000 : 3_600_000);
    return `${this.number(value, { maximumFractionDigits: 1 })} ${inMinutes ? 'min' : 'h'}`;
  }

  bytes(value: number): string {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
    const digits = power === 0 ? 0 : 1;
    return `${this.number(value / 1024 ** power, { maximumFractionDigits: digits })} ${units[power]}`;
  }

  /** A sentence of the server, such as why a key is in its state, with the moments in it in this language. */
  sentence(text: string): string {
    return withTimes(text, (time) => this.dateTime(time));
  }

  dateTime(time: string | number): string {
    return dateFormat(this.locale(), {
      dateStyle: 'medium',
      timeStyle: 'medium',
    }).format(new Date(time));
  }

  /** To the thousandth of a second, with the zone. */
  preciseTime(time: string | number): string {
    return dateFormat(this.locale(), {
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hour12: false,
      timeZoneName: 'short',
    }).format(new Date(time));
  }

  /** A moment of another day, short. */
  dayTime(time: string | number): string {
    return dateFormat(this.locale(), {
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hour12: false,
    }).format(new Date(time));
  }

  /** Beside an axis: the day where one begins, else hours and minutes. */
  tickTime(ms: number): string {
    const at = new Date(ms);
    const dayBegins = at.getHours() === 0 && at.getMinutes() === 0;
    return dateFormat(
      this.locale(),
      dayBegins
        ? { month: 'short', day: 'numeric' }
        : { hour: '2-digit', minute: '2-digit', hour12: false },
    ).format(at);
  }

  clockTime(time: string | number): string {
    return dateFormat(this.locale(), {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hour12: false,
    }).format(new Date(time));
  }

  relative(time: string | number, nowMs: number): string {
    return relativeText(this.locale(), new Date(time).getTime() - nowMs);
  }
}
