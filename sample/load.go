package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
)

// configPaths are tried in this order; the first valid file wins.
var configPaths = []string{
	"./config.yaml", "./config.yml", "./mimir.yaml", "./mimir.yml", "./config.json", "./mimir.json",
	"/etc/mimir/config.yaml", "/etc/mimir/config.yml",
}

// loadConfig returns the first valid configuration file, or the defaults, with the environment on top.
// An invalid file is passed over without a word. That is the original's trap, which a deployment has to survive.
func loadConfig() Config {
	config := defaultConfig()
	for _, path := range configPaths {
		if fromFile, err := readConfig(path); err == nil {
			config = fromFile
			break
		}
	}
	overrideFromEnvironment(&config)
	return config
}

// readConfig returns the file's settings over the defaults. It fails on a wrong type and on an invalid value.
func readConfig(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, err
	}
	if filepath.Ext(path) != ".json" {
		document, err := parseYAML(string(data))
		if err != nil {
			return Config{}, err
		}
		if data, err = json.Marshal(document); err != nil {
			return Config{}, err
		}
	}
	var config Config
	if err := json.Unmarshal(data, &config); err != nil {
		return Config{}, err
	}
	fillMissing(reflect.ValueOf(&config).Elem(), reflect.ValueOf(defaultConfig()))
	return config, config.validate()
}

// fillMissing puts the default in place of every empty value but a boolean: one that is left out is false, even where
// the default is true.
func fillMissing(values, defaults reflect.Value) {
	for i := range values.NumField() {
		value, fallback := values.Field(i), defaults.Field(i)
		switch {
		case value.Kind() == reflect.Struct:
			fillMissing(value, fallback)
		case value.Kind() == reflect.Slice && value.Len() == 0, value.Kind() != reflect.Bool && value.IsZero():
			value.Set(fallback)
		}
	}
}

// overrideFromEnvironment reads what the original reads, and nothing else. The values are not checked.
func overrideFromEnvironment(config *Config) {
	if host := os.Getenv("MIMIR_HOST"); host != "" {
		config.Server.Host = host
	}
	if port, err := strconv.Atoi(os.Getenv("MIMIR_PORT")); err == nil {
		config.Server.Port = port
	}
	if level := os.Getenv("MIMIR_LOG_LEVEL"); level != "" {
		config.Logging.Level = level
	}
	if secret := os.Getenv("MIMIR_JWT_SECRET"); secret != "" {
		config.Security.JWTSecret = secret
	}
}

// validate knows lower case only, and requires that every plugin directory exists.
func (c Config) validate() error {
	switch {
	case c.Server.Port < 1 || c.Server.Port > 65535:
		return fmt.Errorf("invalid configuration: invalid server port: %d", c.Server.Port)
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Logging.Level):
		return fmt.Errorf("invalid configuration: invalid log level: %s", c.Logging.Level)
	case !slices.Contains([]string{"json", "text"}, c.Logging.Format):
		return fmt.Errorf("invalid configuration: invalid log format: %s", c.Logging.Format)
	case !slices.Contains([]string{"stdout", "file", "both"}, c.Logging.Output):
		return fmt.Errorf("invalid configuration: invalid log output: %s", c.Logging.Output)
	}
	for _, directory := range c.Plugins.Directories {
		if _, err := os.Stat(directory); os.IsNotExist(err) {
			return fmt.Errorf("invalid configuration: plugin directory does not exist: %s", directory)
		}
	}
	return nil
}

// update takes what PUT /api/v1/config may change: host, port and log level. An environment value in upper case, which
// is never checked at the start, makes every update fail here.
func (c Config) update(changes Config) (Config, error) {
	if changes.Server.Host != "" {
		c.Server.Host = changes.Server.Host
	}
	if changes.Server.Port != 0 {
		c.Server.Port = changes.Server.Port
	}
	if changes.Logging.Level != "" {
		c.Logging.Level = changes.Logging.Level
	}
	return c, c.validate()
}
