import type { Messages } from './en.ts';

/** The languages of the console, by their own names. */
export const languages = { en: 'English', zh: '简体中文', ja: '日本語' } as const;
export type Language = keyof typeof languages;

/** The locale that formats numbers and times. */
export const locales: Readonly<Record<Language, string>> = {
  en: 'en-GB',
  zh: 'zh-CN',
  ja: 'ja-JP',
};

/** Loads the messages of a language; English is always there. */
export const loaders: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Messages>>> = {
  zh: () => import('./zh.ts').then(({ zh }) => zh),
  ja: () => import('./ja.ts').then(({ ja }) => ja),
};

/** The language that was chosen before, else the browser's, else English. */
export function firstLanguage(stored: string | null, wished: readonly string[]): Language {
  for (const each of [stored ?? '', ...wished]) {
    const short = each.slice(0, 2).toLowerCase();
    if (short === 'en' || short === 'zh' || short === 'ja') return short;
  }
  return 'en';
}
