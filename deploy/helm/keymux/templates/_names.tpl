{{/* Short enough for what Kubernetes hangs on it: the service and the hash of a revision. */}}
{{- define "keymux.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "keymux.instance" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "keymux.labels" -}}
{{ include "keymux.instance" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* What carries clients' requests in this mode. */}}
{{- define "keymux.edge" -}}
{{- if eq .Values.mode "standalone" -}}standalone{{- else -}}gateway{{- end -}}
{{- end -}}

{{- define "keymux.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "keymux.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "keymux.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* "yes" where a server is named, in the values or in a Secret. */}}
{{- define "keymux.has" -}}
{{- if or .server.existingSecret .address -}}yes{{- end -}}
{{- end -}}
{{- define "keymux.hasNats" -}}{{ include "keymux.has" (dict "server" .Values.nats "address" .Values.nats.url) }}{{- end -}}
{{- define "keymux.hasMongodb" -}}{{ include "keymux.has" (dict "server" .Values.mongodb "address" .Values.mongodb.url) }}{{- end -}}
{{- define "keymux.hasRedis" -}}{{ include "keymux.has" (dict "server" .Values.redis "address" .Values.redis.dsn) }}{{- end -}}
{{- define "keymux.hasKafka" -}}{{ include "keymux.has" (dict "server" .Values.kafka "address" .Values.kafka.brokers) }}{{- end -}}

{{/* "yes" where a service keeps files that must survive its pod. */}}
{{- define "keymux.isStateful" -}}
{{- if has .name (list "standalone" "gateway") -}}yes
{{- else if and (has .name (list "config" "keymanager" "logsink")) (not (include "keymux.hasMongodb" .root)) -}}yes
{{- end -}}
{{- end -}}
