package main

import (
	"os"
	"reflect"
	"testing"
)

// inFolder moves the test to a new folder that holds pipelines/ and the given files.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	previous, err := os.Getwd()
	if err == nil {
		err = os.Chdir(t.TempDir())
	}
	if err == nil {
		err = os.Mkdir(stateDir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chdir(previous) })
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const debugJSON = "logging:\n  level: debug\n  format: json\n"

func TestFirstValidFileWins(t *testing.T) {
	inFolder(t, map[string]string{
		"config.yaml": "logging:\n  level: DEBUG\n", // invalid, so the next one is tried
		"config.yml":  debugJSON,
		"config.json": `{"logging": {"level": "error"}}`,
	})
	if got := loadConfig().Logging; got.Level != "debug" || got.Format != "json" {
		t.Errorf("logging is %+v, want what config.yml says", got)
	}
}

func TestInvalidFileIsDroppedWithoutAWord(t *testing.T) {
	for name, content := range map[string]string{
		"missing plugin directory": debugJSON + "plugins:\n  directories:\n    - ./pipelines\n    - ./plugins\n",
		"duration for seconds":     debugJSON + "server:\n  read_timeout: 30s\n",
		"quoted number":            debugJSON + "server:\n  read_timeout: \"30\"\n",
		"upper-case level":         "logging:\n  level: DEBUG\n  format: json\n",
		"upper-case format":        "logging:\n  level: debug\n  format: JSON\n",
		"port out of range":        debugJSON + "server:\n  port: 70000\n",
		"not YAML":                 debugJSON + "server\n",
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t, map[string]string{"config.yaml": content})
			if got := loadConfig(); !reflect.DeepEqual(got, defaultConfig()) {
				t.Errorf("got %+v, want the defaults", got)
			}
		})
	}
}

func TestDefaultPluginDirectoryMustExistBeforehand(t *testing.T) {
	inFolder(t, map[string]string{"config.yaml": debugJSON})
	if err := os.Remove(stateDir); err != nil {
		t.Fatal(err)
	}
	if got := loadConfig().Logging.Level; got != "info" {
		t.Errorf("level is %q, want the default: the file should be dropped without ./%s", got, stateDir)
	}
}

func TestBooleansLeftOutAreFalseAndTheRestIsDefault(t *testing.T) {
	inFolder(t, map[string]string{"config.yaml": debugJSON + "scheduler:\n  enabled: true\n"})
	got := loadConfig()
	want := defaultConfig()
	want.Logging.Level, want.Logging.Format, want.Logging.Compress = "debug", "json", false
	want.Server.EnableCORS, want.Plugins.AutoDiscovery = false, false
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEnvironmentOverridesTheFileUnchecked(t *testing.T) {
	inFolder(t, map[string]string{"config.yaml": debugJSON})
	t.Setenv("MIMIR_LOG_LEVEL", "WARN")
	t.Setenv("MIMIR_PORT", "9999")
	t.Setenv("MIMIR_JWT_SECRET", "from-env")
	t.Setenv("MIMIR_MAX_JOBS", "7") // never read
	got := loadConfig()
	if got.Logging.Level != "WARN" || got.Server.Port != 9999 || got.Security.JWTSecret != "from-env" {
		t.Errorf("the environment is not in %+v", got)
	}
	if got.Scheduler.MaxJobs != 100 {
		t.Errorf("max_jobs is %d: MIMIR_MAX_JOBS should not be read", got.Scheduler.MaxJobs)
	}
	if _, err := got.update(Config{}); err == nil {
		t.Error("an upper-case level should make later updates fail")
	}
}
