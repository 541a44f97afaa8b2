package main

// Config is the application's whole configuration, as the file holds it and GET /api/v1/config shows it.
// Only logging has an effect; everything else is read, checked and shown, as in the original.
type Config struct {
	Server    ServerConfig    `json:"server"`
	Plugins   PluginsConfig   `json:"plugins"`
	Scheduler SchedulerConfig `json:"scheduler"`
	Logging   LoggingConfig   `json:"logging"`
	Security  SecurityConfig  `json:"security"`
}

// ServerConfig holds timeouts in seconds.
type ServerConfig struct {
	Host         string `json:"host"`
	Port         int    `json:"port"`
	ReadTimeout  int    `json:"read_timeout"`
	WriteTimeout int    `json:"write_timeout"`
	EnableCORS   bool   `json:"enable_cors"`
	MaxRequests  int    `json:"max_requests"`
}

// PluginsConfig holds a timeout in seconds. Every directory has to exist, or the whole file is dropped.
type PluginsConfig struct {
	Directories    []string       `json:"directories"`
	AutoDiscovery  bool           `json:"auto_discovery"`
	Timeout        int            `json:"timeout"`
	MaxConcurrency int            `json:"max_concurrency"`
	PluginConfigs  map[string]any `json:"plugin_configs"`
}

// SchedulerConfig holds a timeout in seconds and a retention in days.
type SchedulerConfig struct {
	Enabled          bool   `json:"enabled"`
	MaxJobs          int    `json:"max_jobs"`
	DefaultTimeout   int    `json:"default_timeout"`
	HistoryRetention int    `json:"history_retention"`
	WorkingDirectory string `json:"working_directory"`
}

// LoggingConfig holds a size in MB and an age in days. Nothing rotates, whatever they say.
type LoggingConfig struct {
	Level      string `json:"level"`
	Format     string `json:"format"`
	Output     string `json:"output"`
	FilePath   string `json:"file_path"`
	MaxSize    int    `json:"max_size"`
	MaxBackups int    `json:"max_backups"`
	MaxAge     int    `json:"max_age"`
	Compress   bool   `json:"compress"`
}

// SecurityConfig holds an expiry in hours and a rate in requests a minute. None of it protects anything.
type SecurityConfig struct {
	EnableAuth     bool     `json:"enable_auth"`
	JWTSecret      string   `json:"jwt_secret"`
	TokenExpiry    int      `json:"token_expiry"`
	AllowedOrigins []string `json:"allowed_origins"`
	RateLimit      int      `json:"rate_limit"`
	EnableHTTPS    bool     `json:"enable_https"`
	CertFile       string   `json:"cert_file"`
	KeyFile        string   `json:"key_file"`
}

func defaultConfig() Config {
	return Config{
		Server: ServerConfig{
			Host: "0.0.0.0", Port: 8080, ReadTimeout: 30, WriteTimeout: 30, EnableCORS: true, MaxRequests: 1000,
		},
		Plugins: PluginsConfig{
			Directories: []string{"./" + stateDir}, AutoDiscovery: true, Timeout: 60, MaxConcurrency: 10,
			PluginConfigs: map[string]any{},
		},
		Scheduler: SchedulerConfig{
			Enabled: true, MaxJobs: 100, DefaultTimeout: 300, HistoryRetention: 30, WorkingDirectory: "./",
		},
		Logging: LoggingConfig{
			Level: "info", Format: "text", Output: "stdout", FilePath: "./logs/mimir.log",
			MaxSize: 100, MaxBackups: 3, MaxAge: 30, Compress: true,
		},
		Security: SecurityConfig{
			JWTSecret: "change-me-in-production", TokenExpiry: 24, AllowedOrigins: []string{"*"}, RateLimit: 1000,
		},
	}
}
