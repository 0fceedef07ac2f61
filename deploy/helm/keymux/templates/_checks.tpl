{{/* Values that make no sense together, told by name; never their content, which may be secret. */}}
{{- define "keymux.checks" -}}
{{- $values := .Values }}
{{- $secrets := .Values.secrets }}
{{- range $each := list "authKey" "encryptionKey" "encryptionKeyPrevious" "proxyKeys" }}
{{- if and $secrets.existingSecret (index $secrets $each) }}
{{- fail (printf "secrets.%s: secrets.existingSecret is set, which holds it; set one of them" $each) }}
{{- end }}
{{- end }}
{{- if and $secrets.encryptionKeyPrevious (not $secrets.encryptionKey) }}
{{- fail "secrets.encryptionKey: must be set where secrets.encryptionKeyPrevious is: the new key" }}
{{- end }}
{{- if and $secrets.authKey (not (regexMatch "^[\\x21-\\x7e]{1,1000}$" $secrets.authKey)) }}
{{- fail "secrets.authKey: must be printable ASCII without spaces, since it travels in a header" }}
{{- end }}
{{- $addresses := list
  (dict "name" "nats" "address" "url" "scheme" "^(nats|tls)://" "example" "nats://nats:4222")
  (dict "name" "mongodb" "address" "url" "scheme" "^mongodb(\\+srv)?://" "example" "mongodb://mongodb:27017/keymux")
  (dict "name" "redis" "address" "dsn" "scheme" "^rediss?://" "example" "redis://redis:6379/0")
  (dict "name" "kafka" "address" "brokers" "scheme" "^(kafkas?://)?[^/?]+/?(\\?.*)?$" "example" "kafka://kafka:9092") }}
{{- range $each := $addresses }}
{{- $server := index $values $each.name }}
{{- $address := index $server $each.address }}
{{- if and $address $server.existingSecret }}
{{- fail (printf "%s.%s: %s.existingSecret is set, which holds it; set one of them" $each.name $each.address $each.name) }}
{{- end }}
{{- if and $address (not (regexMatch $each.scheme $address)) }}
{{- fail (printf "%s.%s: must be an address such as %s" $each.name $each.address $each.example) }}
{{- end }}
{{- end }}
{{- if eq $values.mode "standalone" }}
{{- if include "keymux.hasMongodb" . }}
{{- fail "mongodb: mode standalone keeps its data on its own volume; set mode: distributed for services that share a MongoDB" }}
{{- end }}
{{- if include "keymux.hasKafka" . }}
{{- fail "kafka: mode standalone carries request logs itself; set mode: distributed to send them over Kafka" }}
{{- end }}
{{- if ne (empty $secrets.authKey) (empty $secrets.encryptionKey) }}
{{- fail (printf "secrets.%s: must be set, too: mode standalone is given both keys, or makes both" (ternary "authKey" "encryptionKey" (empty $secrets.authKey))) }}
{{- end }}
{{- else }}
{{- range $each := list "authKey" "encryptionKey" }}
{{- if not (or $secrets.existingSecret (index $secrets $each)) }}
{{- fail (printf "secrets.%s: must be set in mode distributed, or secrets.existingSecret; the chart makes no key, which would differ at each upgrade" $each) }}
{{- end }}
{{- end }}
{{- if not (include "keymux.hasNats" .) }}
{{- fail "nats.url: must be set in mode distributed, or nats.existingSecret" }}
{{- end }}
{{- range $each := list "keymanager" "logsink" }}
{{- if and (gt (int (index $values $each).replicas) 1) (not (include "keymux.hasMongodb" $)) }}
{{- fail (printf "%s.replicas: several need a MongoDB that they share: set mongodb.url or mongodb.existingSecret" $each) }}
{{- end }}
{{- end }}
{{- if and (gt (int $values.validator.replicas) 1) (not (include "keymux.hasRedis" .)) }}
{{- fail "validator.replicas: several need a Redis that they share: set redis.dsn or redis.existingSecret" }}
{{- end }}
{{- if and (hasKey $values.env "GATEWAY_WORKERS") (ne (toString $values.env.GATEWAY_WORKERS) "1") }}
{{- fail "env.GATEWAY_WORKERS: a gateway that runs apart is one process; set gateway.replicas" }}
{{- end }}
{{- $scaling := $values.gateway.autoscaling }}
{{- if and $scaling.enabled (lt (int $scaling.maxReplicas) (int $scaling.minReplicas)) }}
{{- fail "gateway.autoscaling.maxReplicas: must not be less than minReplicas" }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- fail "ingress.hosts: must name a host where ingress.enabled is true" }}
{{- end }}
{{- end -}}
