{{/* A service as Kubernetes runs it: .root, .name, .kind (StatefulSet or Deployment), .replicas (null: something else sets it). */}}
{{- define "keymux.workload" -}}
{{- $root := .root }}
{{- $name := .name }}
{{- $values := .root.Values }}
{{- $service := index $values .name }}
{{- $fullname := printf "%s-%s" (include "keymux.fullname" .root) .name }}
{{- $stateful := include "keymux.isStateful" (dict "root" .root "name" .name) }}
apiVersion: apps/v1
kind: {{ .kind }}
metadata:
  name: {{ $fullname }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "keymux.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $name }}
spec:
  {{- if ne (toString .replicas) "null" }}
  replicas: {{ include "keymux.text" .replicas }}
  {{- end }}
  {{- if and (eq $name "validator") (not (include "keymux.hasRedis" $root)) }}
  # Without Redis two would probe the same keys, also for the moment of an update.
  strategy:
    type: Recreate
  {{- end }}
  {{- if eq .kind "StatefulSet" }}
  serviceName: {{ $fullname }}-pods
  podManagementPolicy: Parallel
  {{- end }}
  selector:
    matchLabels:
      {{- include "keymux.instance" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $name }}
  template:
    metadata:
      labels:
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $service.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- include "keymux.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $name }}
      annotations:
        {{- $annotations := merge (dict) (default (dict) $service.podAnnotations) $values.podAnnotations }}
        {{- if include "keymux.secretData" $root }}
        {{- $_ := set $annotations "checksum/secret" (include "keymux.secretData" $root | sha256sum) }}
        {{- end }}
        {{- toYaml $annotations | nindent 8 }}
    spec:
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "keymux.serviceAccountName" $root }}
      automountServiceAccountToken: false
      # The variables of Docker links would be taken for Keymux's own: a Service named "service" makes a SERVICE_PORT.
      enableServiceLinks: false
      securityContext:
        {{- toYaml $values.podSecurityContext | nindent 8 }}
      # Before the stop, the product's own grace, what it may take beyond for closing (5 s), and a little more.
      terminationGracePeriodSeconds: {{ add $values.preStopSeconds $service.gracefulShutdownSeconds 10 }}
      {{- with default $values.priorityClassName $service.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with default $values.nodeSelector $service.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with default $values.tolerations $service.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with default $values.affinity $service.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- with default $values.topologySpreadConstraints $service.topologySpreadConstraints }}
        {{- toYaml . | nindent 8 }}
        {{- else }}
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "keymux.instance" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $name }}
        {{- end }}
        {{- end }}
      containers:
        - name: {{ $name }}
          image: {{ include "keymux.image" $root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          command: [node, services/{{ $name }}/src/main.ts]
          env:
            {{- include "keymux.env" (dict "root" $root "name" $name) | nindent 12 }}
          ports:
            {{- if has $name (list "standalone" "gateway") }}
            - name: http
              containerPort: 3001
            {{- else }}
            - name: service
              containerPort: 3002
            {{- end }}
            - name: metrics
              containerPort: 9464
          {{- $port := ternary "http" "service" (has $name (list "standalone" "gateway")) }}
          # A start may have a million keys to read.
          startupProbe:
            httpGet: { path: /healthz, port: {{ $port }} }
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 150
          livenessProbe:
            httpGet: { path: /healthz, port: {{ $port }} }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: {{ $port }} }
            periodSeconds: 5
            timeoutSeconds: 2
            failureThreshold: 2
          {{- if $values.preStopSeconds }}
          lifecycle:
            preStop:
              exec:
                command: [sleep, {{ include "keymux.text" $values.preStopSeconds | quote }}]
          {{- end }}
          resources:
            {{- toYaml $service.resources | nindent 12 }}
          securityContext:
            {{- toYaml $values.securityContext | nindent 12 }}
          volumeMounts:
            - name: data
              mountPath: /data
            - name: tmp
              mountPath: /tmp
            {{- with concat (default list $values.extraVolumeMounts) (default list $service.extraVolumeMounts) }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- if not $stateful }}
        - name: data
          emptyDir: {}
        {{- end }}
        - name: tmp
          emptyDir: {}
        {{- with concat (default list $values.extraVolumes) (default list $service.extraVolumes) }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  {{- if $stateful }}
  volumeClaimTemplates:
    - metadata:
        name: data
        labels:
          {{- include "keymux.instance" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $name }}
        {{- with $service.persistence.annotations }}
        annotations:
          {{- toYaml . | nindent 10 }}
        {{- end }}
      spec:
        accessModes:
          {{- toYaml $service.persistence.accessModes | nindent 10 }}
        {{- with $service.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $service.persistence.size }}
  {{- end }}
{{- end -}}
