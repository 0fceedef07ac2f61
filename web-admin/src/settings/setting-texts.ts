import type { Setting } from '../api/generated.ts';
import type { MessageKey } from '../i18n/en.ts';
import type { I18n } from '../i18n/i18n.ts';
import type { Language } from '../i18n/languages.ts';
import type { SettingName } from './settings-draft.ts';

/** What a setting is called and what it does. */
export interface SettingText {
  readonly title: string;
  readonly help: string;
}

type Texts = Readonly<Record<SettingName, SettingText>>;

const zh: Texts = {
  app_url: {
    title: 'Keymux 地址',
    help: '客户端使用的地址；显示在接入地址和代码示例中。未设置时显示请求所用的地址。',
  },
  proxy_keys: {
    title: '全局代理密钥',
    help: '客户端访问任何分组都可使用的密钥；首次启动时自动生成。',
  },
  request_log_retention_days: {
    title: '请求日志保留天数',
    help: '更早的日志按天删除；0 表示全部保留。',
  },
  request_log_write_interval_minutes: {
    title: '日志行最长等待（分钟）',
    help: '一行日志可被查询前的最长等待；满 1,000 行也会写入；0 表示立即写入。',
  },
  enable_request_body_logging: {
    title: '记录请求正文',
    help: '在日志中保留请求正文（每个最多 64 KiB）；其中可能包含隐私数据。',
  },
  request_timeout: { title: '请求超时（秒）', help: '限制非流式请求所有尝试的总时间。' },
  connect_timeout: { title: '连接超时（秒）', help: '连接上游的最长等待。' },
  idle_conn_timeout: { title: '空闲连接超时（秒）', help: '未使用的上游连接保留多久。' },
  response_header_timeout: { title: '响应头超时（秒）', help: '等待上游响应头的最长时间。' },
  first_byte_timeout: { title: '首字节超时（秒）', help: '从响应头到正文首字节的最长等待。' },
  stream_idle_timeout: { title: '流空闲超时（秒）', help: '响应正文中最长的静默时间。' },
  max_idle_conns: { title: '连接数', help: '每个工作进程保留的上游连接上限，所有主机合计。' },
  max_idle_conns_per_host: {
    title: '每主机连接数',
    help: '每个工作进程对每台主机保留的空闲上游连接上限。',
  },
  proxy_url: {
    title: '出站代理',
    help: '上游请求使用的 http、https 或 socks5 代理；留空则使用 HTTP_PROXY、HTTPS_PROXY 和 NO_PROXY。',
  },
  max_retries: { title: '重试次数', help: '一个请求用其他密钥或上游再尝试的上限。' },
  blacklist_threshold: { title: '拉黑阈值', help: '连续失败多少次后拉黑密钥；0 表示从不拉黑。' },
  key_rpm_limit: {
    title: '每密钥每分钟请求数',
    help: '所有网关合计，一个密钥在任一分钟内使用的上限，达到后跳过该密钥。0 表示不限。',
  },
  key_concurrency_limit: {
    title: '每密钥并发请求数',
    help: '所有网关合计，一个密钥同时使用的上限，达到后跳过该密钥。0 表示不限。',
  },
  proxy_key_rpm_limit: {
    title: '每代理密钥每分钟请求数',
    help: '所有网关合计，一个代理密钥在任一分钟内对一个分组的请求上限，超出返回 429。0 表示不限。',
  },
  headroom: {
    title: '留意密钥余量',
    help: '供应商表示某个密钥的限额即将用尽时，若其他密钥仍有余量，则跳过该密钥。',
  },
  key_validation_interval_minutes: {
    title: '探测间隔（分钟）',
    help: '多久探测一次被拉黑的密钥。',
  },
  key_validation_concurrency: { title: '并发探测数', help: '一个分组同时进行的探测上限。' },
  key_validation_timeout_seconds: { title: '探测超时（秒）', help: '等待探测应答的最长时间。' },
  outcome_retention_days: {
    title: '结果保留天数',
    help: '尝试结果为假设分析保留多久；0 表示不保留。',
  },
};

const ja: Texts = {
  app_url: {
    title: 'Keymux のアドレス',
    help: 'クライアントが使うアドレス。エンドポイントとコード例に表示されます。未設定の間は、アクセスされたアドレスを表示します。',
  },
  proxy_keys: {
    title: 'グローバルプロキシキー',
    help: 'どのグループにも使えるクライアント用のキー。初回起動時に生成されます。',
  },
  request_log_retention_days: {
    title: 'リクエストログの保存日数',
    help: '古いログは日単位で削除されます。0 はすべて保存します。',
  },
  request_log_write_interval_minutes: {
    title: 'ログ行の最長待ち時間（分）',
    help: '行を検索できるまでの最長時間。1,000 行でも書き込みます。0 はすぐに書き込みます。',
  },
  enable_request_body_logging: {
    title: 'リクエスト本文を記録',
    help: 'リクエスト本文（各 64 KiB まで）をログに残します。個人情報が含まれる可能性があります。',
  },
  request_timeout: {
    title: 'リクエストのタイムアウト（秒）',
    help: '非ストリーミングのリクエストの全試行を合わせた上限です。',
  },
  connect_timeout: {
    title: '接続タイムアウト（秒）',
    help: 'アップストリームへの接続を待つ最長時間。',
  },
  idle_conn_timeout: {
    title: 'アイドル接続のタイムアウト（秒）',
    help: '使われていないアップストリーム接続を保持する時間。',
  },
  response_header_timeout: {
    title: '応答ヘッダーのタイムアウト（秒）',
    help: 'アップストリームの応答ヘッダーを待つ最長時間。',
  },
  first_byte_timeout: {
    title: '最初のバイトのタイムアウト（秒）',
    help: '応答ヘッダーから本文の最初のバイトまでの最長時間。',
  },
  stream_idle_timeout: {
    title: 'ストリームの無通信タイムアウト（秒）',
    help: '応答本文の途中で途切れてよい最長時間。',
  },
  max_idle_conns: {
    title: '接続数',
    help: 'ワーカーが保持するアップストリーム接続の上限（全ホスト合計）。',
  },
  max_idle_conns_per_host: {
    title: 'ホストごとの接続数',
    help: 'ワーカーがホストごとに保持するアイドル接続の上限。',
  },
  proxy_url: {
    title: '送信プロキシ',
    help: 'アップストリームへの http、https、socks5 プロキシ。空なら HTTP_PROXY、HTTPS_PROXY、NO_PROXY を使います。',
  },
  max_retries: { title: '再試行回数', help: '別のキーやアップストリームで試す追加回数の上限。' },
  blacklist_threshold: {
    title: 'ブラックリストのしきい値',
    help: '連続失敗がこの回数に達したキーをブラックリストに入れます。0 は入れません。',
  },
  key_rpm_limit: {
    title: 'キーごとの毎分リクエスト数',
    help: '全ゲートウェイ合計でキーを 1 分間に使う上限。超えるとそのキーを避けます。0 は無制限です。',
  },
  key_concurrency_limit: {
    title: 'キーごとの同時リクエスト数',
    help: '全ゲートウェイ合計でキーを同時に使う上限。超えるとそのキーを避けます。0 は無制限です。',
  },
  proxy_key_rpm_limit: {
    title: 'プロキシキーごとの毎分リクエスト数',
    help: '全ゲートウェイ合計で、プロキシキーが 1 グループに 1 分間に送れる上限。超えると 429 を返します。0 は無制限です。',
  },
  headroom: {
    title: 'キーの残量に配慮する',
    help: 'プロバイダーが上限間近と伝えたキーは、他のキーに余裕がある間は避けます。',
  },
  key_validation_interval_minutes: {
    title: '検証の間隔（分）',
    help: 'ブラックリストのキーを検証する間隔。',
  },
  key_validation_concurrency: { title: '同時検証数', help: '1 グループで同時に行う検証の上限。' },
  key_validation_timeout_seconds: {
    title: '検証のタイムアウト（秒）',
    help: '検証の応答を待つ最長時間。',
  },
  outcome_retention_days: {
    title: '結果の保存日数',
    help: '試行の結果を What-if シミュレーションのために保存する日数。0 は保存しません。',
  },
};

const translated: Readonly<
  Record<Exclude<Language, 'en'>, Readonly<Partial<Record<string, SettingText>>>>
> = { zh, ja };

// What 0 means, where it is no amount.
const zeros: Readonly<Partial<Record<string, MessageKey>>> = {
  request_log_retention_days: 'settings.zeroAll',
  request_log_write_interval_minutes: 'settings.zeroAtOnce',
  blacklist_threshold: 'settings.zeroNever',
  key_rpm_limit: 'settings.zeroUnlimited',
  key_concurrency_limit: 'settings.zeroUnlimited',
  proxy_key_rpm_limit: 'settings.zeroUnlimited',
  outcome_retention_days: 'settings.zeroNothing',
} satisfies Partial<Record<SettingName, MessageKey>>;

/** A value of the setting `name` that is no text as a reader has it; `nothing` stands for an empty one. */
export function valueText(
  { name, value, nothing }: { name: string; value: unknown; nothing: string },
  i18n: Pick<I18n, 't' | 'number'>,
): string {
  if (typeof value === 'boolean') return i18n.t(value ? 'settings.on' : 'settings.off');
  const zero = value === 0 ? zeros[name] : undefined;
  if (zero !== undefined) return i18n.t(zero);
  if (typeof value === 'number') return i18n.number(value);
  return value === '' ? nothing : String(value);
}

/** The title and help of a setting; the server tells them in English. */
export function settingText(setting: Setting, language: Language): SettingText {
  return (language === 'en' ? undefined : translated[language][setting.name]) ?? setting;
}
