import type { Setting } from '@keymux/contracts';
import {
  parseAddress,
  parseBoolean,
  parseInteger,
  type Parsed,
  type Variable,
} from './environment-variable.ts';

function parseText(setting: Setting, text: string): Parsed<string> {
  switch (setting.format) {
    case undefined:
    case 'secret-list':
      return { kind: 'value', value: text };
    case 'url':
      return parseAddress(text, ['http', 'https']);
    case 'proxy-url':
      return parseAddress(text, ['http', 'https', 'socks5']);
    default:
      return setting.format satisfies never;
  }
}

function parse(setting: Setting, text: string): Parsed<number | boolean | string> {
  switch (setting.type) {
    case 'integer': {
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = setting;
      return parseInteger(text, { min, max });
    }
    case 'boolean':
      return parseBoolean(text);
    case 'string':
      return parseText(setting, text);
    default:
      return setting.type satisfies never;
  }
}

const formatTexts: Readonly<Record<NonNullable<Setting['format']> | 'text', string>> = {
  text: 'text',
  url: 'http or https address',
  'proxy-url': 'http, https or socks5 address',
  'secret-list': 'comma list',
};

function typeText(setting: Setting): string {
  if (setting.type === 'boolean') return 'true or false';
  if (setting.type === 'string') return formatTexts[setting.format ?? 'text'];
  // Those of time limits are in seconds; all others have their unit in their name.
  const unit = setting.name.endsWith('_timeout') ? 'seconds, ' : '';
  return `${unit}${setting.min ?? ''} to ${setting.max ?? ''}`;
}

/** The environment variable of a setting: its name in capitals. Undefined unless set, so that the default stays visible as such. */
export function settingVariable(setting: Setting): Variable<number | boolean | string | undefined> {
  return {
    name: setting.name.toUpperCase(),
    help: setting.help,
    type: typeText(setting),
    defaultText: String(setting.default),
    secret: setting.format === 'secret-list' || setting.format === 'proxy-url',
    aliases: [],
    fallback: undefined,
    parse: (text) => parse(setting, text),
  };
}
