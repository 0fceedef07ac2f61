import type { overview as en } from '../en/overview.ts';

export const overview: Record<keyof typeof en, string> = {
  'overview.errors': 'エラー {n} 件',
  'overview.inOut': '入力 {in} · 出力 {out}',
  'overview.traffic': 'リクエストとエラー',
  'overview.latency': 'レイテンシーと最初のバイトまでの時間',
  'overview.tokens': '入力と出力のトークン',
  'overview.byGroup': 'グループ別',
  'overview.allGroups': 'すべてのグループ',
  'overview.perMinute': '毎分 {rate}',
  'overview.perStep': '{time} ごと',
  'overview.usableKeys': '使えるキー',
  'overview.ofKeys': '全 {n} 個',
  'overview.keyStates': 'キーの状態',
  'overview.attention': '要確認',
  'overview.calm': '対応は不要です',
  'overview.calmText': 'どのグループにも使えるキーがあります。',
  'overview.noTraffic': 'この期間のリクエストはありません',
  'overview.noTrafficText': 'グループの curl をコピーして送ってみてください。',
  'overview.openGroups': 'グループを開く',
  'overview.firstTitle': 'まずグループを作りましょう',
  'overview.firstText':
    'グループはチャネル、アップストリーム、キーの集まりです。クライアントは base URL とキーを変えるだけです。',
  'overview.step1': 'グループを作成：プロバイダーとアドレスを選びます。',
  'overview.step2': 'プロバイダーのキーを貼り付けます。',
  'overview.step3': 'curl をコピーして最初のリクエストを送ります。',
  'overview.createGroup': 'グループを作成',
  'concern.no-keys': 'にはキーがありません',
  'concern.none-usable': 'には使えるキーがなく、すべてのリクエストが失敗します',
  'concern.few-usable': 'の使えるキーは {of} 個中 {usable} 個だけです',
  'concern.many-errors': 'のリクエストの {share} が失敗しています',
  'concern.guard':
    'のキーが {upstream} で同じように失敗しました。原因はアップストリームかアドレスで、キー {n} 個は責任なしとしました',
  'concern.failing-upstream': 'では 10 分間にリクエストの {share} が {upstream} で失敗しました',
  'concern.no-upstream': 'にはアップストリームがありません',
  'warning.http':
    'このページは別のマシンから平文の http で開かれています。Keymux の前段で TLS を使ってください。',
  'warning.no-proxy-key':
    'グローバルのプロキシキーがなく、{group} にもありません。誰も利用できません。',
  'warning.short-proxy-key':
    '16 文字未満のグローバルプロキシキーがあります。長いキーにしてください。',
  'warning.bodies': 'リクエスト本文が記録されています。個人情報が含まれる可能性があります。',
  'overview.openLogs': 'ライブ表示を開く',
  'warning.unread':
    '{n} 件のメッセージを読み取れず、取り分けました。その内容（ログの行など）は失われています。',
  'warning.unreadLook': '確認する',
};
