package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// TestMisspelledVariables expects a proposal for names that are close to those of our variables.
func TestMisspelledVariables(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ACCESS_TOKEN_EXPIRE_MINUTE":       "ACCESS_TOKEN_EXPIRE_MINUTES",
		"ACCES_TOKEN_EXPIRE_MINUTE":        "ACCESS_TOKEN_EXPIRE_MINUTES",
		"database_url":                     "DATABASE_URL",
		"Secret-Key":                       "SECRET_KEY",
		"TRUSTED_PROXY":                    "TRUSTED_PROXIES",
		"ACCESS_TOKENS_EXPIRE_MINUTES":     "ACCESS_TOKEN_EXPIRE_MINUTES",
		"TOKEN_EXPIRE_MINUTES":             "ACCESS_TOKEN_EXPIRE_MINUTES",
		"RETENTION_DAYS":                   "",
		"WORKER":                           "WORKERS",
		"APP_ENVS":                         "APP_ENV",
		"log-level":                        "LOG_LEVEL",
		"TRUSTED_PROXYS":                   "TRUSTED_PROXIES",
		"CORS_ORIGIN":                      "CORS_ORIGINS",
		"INTERVIEWER_DATABASE_URL":         "DATABASE_URL",
		"REDIS_URL_PRIMARY":                "REDIS_URL",
		"JOB_DISCARDED_RETENTION_DAY":      "JOB_DISCARDED_RETENTION_DAYS",
		"SECRET_KEYS":                      "SECRET_KEY",
		"LOGIN_ATTEMPTS_PER_ACCOUNT_AND_I": "LOGIN_ATTEMPTS_PER_ACCOUNT_AND_IP",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := config.Warnings([]string{name + "=hunter2"})
			switch {
			case want == "" && len(found) > 0:
				t.Errorf("got %v, want no warning", found)
			case want != "" && (len(found) != 1 || found[0].Variable != name || !strings.Contains(found[0].Remedy, " "+want+"?")):
				t.Errorf("got %v, want one that proposes %s", found, want)
			case strings.Contains(found.Error(), "hunter2"):
				t.Errorf("the warning contains the value: %v", found)
			}
		})
	}
}

// TestUsualVariables expects no warning for variables of systems, orchestrators and other programs, nor for our own.
func TestUsualVariables(t *testing.T) {
	t.Parallel()
	names := strings.Fields(`HOME PATH PWD OLDPWD SHLVL USER LOGNAME SHELL TERM LANG LC_ALL TZ TMPDIR HOSTNAME HOST PORT _ EDITOR PAGER
		MAIL DISPLAY SSH_AUTH_SOCK XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS GOFLAGS GOPATH GOMAXPROCS GOMEMLIMIT GODEBUG GOGC CI
		HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR PGHOST PGPASSWORD PGSSLROOTCERT
		POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_PORT POSTGRES_PORT_5432_TCP POSTGRES_PORT_5432_TCP_ADDR
		POSTGRES_SERVICE_HOST POSTGRES_SERVICE_PORT REDIS_PORT REDIS_PORT_6379_TCP REDIS_SERVICE_HOST REDIS_SERVICE_PORT_REDIS
		INTERVIEWER_PORT INTERVIEWER_SERVICE_HOST INTERVIEWER_SERVICE_PORT_HTTP DATABASE_URL_SERVICE_HOST KUBERNETES_SERVICE_HOST
		KUBERNETES_PORT_443_TCP_PROTO OTEL_EXPORTER_OTLP_HEADERS OTEL_SERVICE_NAMESPACE OTEL_RESOURCE_ATTRIBUTES NOTIFY_SOCKET
		INVOCATION_ID JOURNAL_STREAM COMPOSE_PROJECT_NAME DOCKER_HOST DYNO WEBSITE_HOSTNAME AWS_REGION AWS_SECRET_ACCESS_KEY
		GOOGLE_CLOUD_PROJECT AZURE_CLIENT_ID VAULT_TOKEN DEBIAN_FRONTEND VERSION RELEASE NODE_ENV ENV APP_HOME WORKER_ID NAME`)
	for _, v := range config.Variables() {
		names = append(names, v.Name)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := config.Warnings([]string{name + "=x"}); len(found) > 0 {
				t.Errorf("got %v, want no warning", found)
			}
		})
	}
}

// TestUnknownVariablesInFile expects that the file .env contains only our variables and usual ones.
func TestUnknownVariablesInFile(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"ACCESS_TOKEN_EXPIRE_MINUTE=5": "did you mean ACCESS_TOKEN_EXPIRE_MINUTES?",
		"SMTP_HOST=mail":               "remove it",
		"port=9000":                    "is not a variable",
		"POSTGRES_PASSWORD=x":          "",
		"COMPOSE_PROJECT_NAME=x":       "",
		"TZ=UTC":                       "",
		"PORT=9000":                    "",
	} {
		t.Run(content, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), ".env")
			if err := os.WriteFile(path, []byte(content+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if want == "" {
				mustLoad(t, development(), path)
				return
			}
			found := problems(t, development(), path)
			if len(found) != 1 || !strings.Contains(found.Error(), want) {
				t.Errorf("got %v, want one problem with %q", found, want)
			}
		})
	}
}

// TestFilesAsEditorsSaveThem reads a file .env with a byte order mark, all line ends, export, quotes and spaces.
func TestFilesAsEditorsSaveThem(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"plain": "PORT=9000\nHOST=127.0.0.2\n", "byte order mark": "\xef\xbb\xbfPORT=9000\nHOST=127.0.0.2",
		"CRLF": "PORT=9000\r\nHOST=127.0.0.2\r\n", "CR": "PORT=9000\rHOST=127.0.0.2\r",
		"export": "export PORT=9000\nexport  HOST=127.0.0.2\n", "quotes": "PORT=\"9000\"\nHOST='127.0.0.2'\n",
		"spaces": "PORT = 9000\n  HOST  =  127.0.0.2  \n", "comments": "# first\nPORT=9000 # port\n\nHOST=127.0.0.2\n",
		"all": "\xef\xbb\xbfexport PORT = \"9000\"\r\n\r\n# x\r\nHOST = '127.0.0.2' \r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), ".env")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if c := mustLoad(t, development(), path); c.Port != 9000 || c.Host != "127.0.0.2" {
				t.Errorf("got port %d and host %q, want 9000 and 127.0.0.2", c.Port, c.Host)
			}
		})
	}
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte("\xff\xfeP\x00O\x00R\x00T\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := problems(t, development(), path); len(found) != 1 || !strings.Contains(found.Error(), "save it as UTF-8") {
		t.Errorf("UTF-16: got %v, want one problem", found)
	}
}
