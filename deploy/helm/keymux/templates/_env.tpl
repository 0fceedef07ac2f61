{{/* A variable out of a Secret: .name, .secret, and .key where it differs, .optional where it may be absent. */}}
{{- define "keymux.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ default .name .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end -}}

{{/* The address of a server, wherever it stands: .root, .name, .server (its values), .address. */}}
{{- define "keymux.serverAddress" -}}
{{- if .server.existingSecret }}
{{ include "keymux.fromSecret" (dict "name" .name "secret" .server.existingSecret "key" .server.existingSecretKey) }}
{{- else if .address }}
{{ include "keymux.fromSecret" (dict "name" .name "secret" (include "keymux.fullname" .root)) }}
{{- end }}
{{- end -}}

{{/* A key of the installation: .root, .name, .value, .optional. */}}
{{- define "keymux.key" -}}
{{- $existing := .root.Values.secrets.existingSecret }}
{{- if $existing }}
{{ include "keymux.fromSecret" (dict "name" .name "secret" $existing "optional" .optional) }}
{{- else if .value }}
{{ include "keymux.fromSecret" (dict "name" .name "secret" (include "keymux.fullname" .root)) }}
{{- end }}
{{- end -}}

{{/* Whole numbers stay whole: values files make floats of them, which print as 1e+09. */}}
{{- define "keymux.text" -}}
{{- if and (kindIs "float64" .) (eq . (float64 (int64 .))) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{/* What a service is told, and no secret that it does not need: .root, .name. */}}
{{- define "keymux.env" -}}
{{- $root := .root }}
{{- $name := .name }}
{{- $values := .root.Values }}
{{- $service := index $values .name }}
{{- $fullname := include "keymux.fullname" .root }}
- name: DATA_DIR
  value: /data
- name: METRICS_PORT
  value: "9464"
{{- if has $name (list "standalone" "gateway") }}
- name: PORT
  value: "3001"
{{- else }}
- name: SERVICE_PORT
  value: "3002"
{{- end }}
- name: SERVER_GRACEFUL_SHUTDOWN_TIMEOUT
  value: {{ include "keymux.text" $service.gracefulShutdownSeconds | quote }}
{{- if eq $name "gateway" }}
{{- range $each := list "config" "keymanager" "logsink" "validator" }}
- name: {{ upper $each }}_URL
  value: http://{{ $fullname }}-{{ $each }}:3002
{{- end }}
{{- end }}
{{- if and $values.appUrl (has $name (list "standalone" "config")) }}
- name: APP_URL
  value: {{ $values.appUrl | quote }}
{{- end }}
{{- if ne $name "gateway" }}
{{- include "keymux.key" (dict "root" $root "name" "AUTH_KEY" "value" $values.secrets.authKey) }}
{{- end }}
{{- if ne $name "logsink" }}
{{- include "keymux.key" (dict "root" $root "name" "ENCRYPTION_KEY" "value" $values.secrets.encryptionKey) }}
{{- include "keymux.key" (dict "root" $root "name" "ENCRYPTION_KEY_PREVIOUS" "value" $values.secrets.encryptionKeyPrevious "optional" true) }}
{{- end }}
{{- if has $name (list "standalone" "config") }}
{{- include "keymux.key" (dict "root" $root "name" "PROXY_KEYS" "value" $values.secrets.proxyKeys "optional" true) }}
{{- end }}
{{- include "keymux.serverAddress" (dict "root" $root "name" "NATS_URL" "server" $values.nats "address" $values.nats.url) }}
{{- if include "keymux.hasNats" $root }}
- name: NATS_REPLICAS
  value: {{ include "keymux.text" $values.nats.replicas | quote }}
{{- end }}
{{- if has $name (list "config" "keymanager" "logsink") }}
{{- include "keymux.serverAddress" (dict "root" $root "name" "MONGODB_URL" "server" $values.mongodb "address" $values.mongodb.url) }}
{{- end }}
{{- if has $name (list "standalone" "gateway" "config" "validator") }}
{{- include "keymux.serverAddress" (dict "root" $root "name" "REDIS_DSN" "server" $values.redis "address" $values.redis.dsn) }}
{{- end }}
{{- if and (has $name (list "gateway" "logsink")) (include "keymux.hasKafka" $root) }}
- name: REQUEST_LOG_BUS
  value: kafka
{{- include "keymux.serverAddress" (dict "root" $root "name" "KAFKA_BROKERS" "server" $values.kafka "address" $values.kafka.brokers) }}
- name: KAFKA_TOPIC_PREFIX
  value: {{ $values.kafka.topicPrefix | quote }}
- name: KAFKA_PARTITIONS
  value: {{ include "keymux.text" $values.kafka.partitions | quote }}
- name: KAFKA_REPLICAS
  value: {{ include "keymux.text" $values.kafka.replicas | quote }}
{{- end }}
{{- range $each, $value := $values.env }}
- name: {{ $each }}
  value: {{ include "keymux.text" $value | quote }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- with $service.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
