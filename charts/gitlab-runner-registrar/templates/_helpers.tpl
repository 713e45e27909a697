{{- define "gitlab-runner-registrar.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "gitlab-runner-registrar.fullname" -}}
{{- $name := include "gitlab-runner-registrar.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "gitlab-runner-registrar.selectorLabels" -}}
app.kubernetes.io/name: {{ include "gitlab-runner-registrar.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gitlab-runner-registrar.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "gitlab-runner-registrar.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "gitlab-runner-registrar.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "gitlab-runner-registrar.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "gitlab-runner-registrar.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The namespaces that are served in namespaced mode, comma separated. */}}
{{- define "gitlab-runner-registrar.namespaces" -}}
{{- .Values.watch.namespaces | default (list .Release.Namespace) | uniq | sortAlpha | join "," }}
{{- end }}

{{/*
What the operator may do where it serves objects; the one place that says so for Roles and for the
ClusterRole. Nothing is here that it does not use: a test compares this list with the API server's
audit log.
*/}}
{{- define "gitlab-runner-registrar.rules" -}}
- apiGroups: [gitlab-registrar.dev]
  resources: [gitlabrunners]
  verbs: [list, watch, patch]
- apiGroups: [gitlab-registrar.dev]
  resources: [gitlabrunners/status]
  verbs: [update]
- apiGroups: [gitlab-registrar.dev]
  resources: [gitlabconnections]
  verbs: [list, watch]
- apiGroups: [gitlab-registrar.dev]
  resources: [gitlabconnections/status]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- if eq .Values.watch.mode "cluster" }}
- apiGroups: [gitlab-registrar.dev]
  resources: [clustergitlabconnections]
  verbs: [list, watch]
- apiGroups: [gitlab-registrar.dev]
  resources: [clustergitlabconnections/status]
  verbs: [update]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
{{- end }}
