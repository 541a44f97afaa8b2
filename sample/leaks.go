package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

// The handlers here do what the original does to whoever is let in: they are for proofs that an edge lets nobody in.

// executePipeline opens whatever file the body names, and shows what is in it, as the original's parser does in the
// error about a file that is no pipeline.
func executePipeline(w http.ResponseWriter, r *http.Request) {
	var posted struct {
		File string `json:"pipeline_file"`
	}
	if !decode(w, r, &posted) {
		return
	}
	data, err := os.ReadFile(posted.File)
	if err != nil {
		http.Error(w, fmt.Sprintf("Failed to parse pipeline: %v", err), http.StatusBadRequest)
		return
	}
	http.Error(w, fmt.Sprintf("Failed to parse pipeline: no pipeline: %.1000s", data), http.StatusBadRequest)
}

// saveConfig writes the configuration, the secret included, to whatever path the body names.
func (s *service) saveConfig(w http.ResponseWriter, r *http.Request) {
	var posted struct {
		Path string `json:"file_path"`
	}
	if !decode(w, r, &posted) {
		return
	}
	s.mutex.Lock()
	data, err := json.Marshal(s.config)
	s.mutex.Unlock()
	if err == nil {
		err = os.WriteFile(posted.Path, data, 0o644)
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("Failed to save configuration: %v", err), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"message": "Configuration saved successfully", "file": posted.Path})
}

// executeTool makes a request from here to whatever URL the body names, and answers with what came back.
func executeTool(w http.ResponseWriter, r *http.Request) {
	var posted struct {
		Name      string `json:"tool_name"`
		Arguments struct {
			Step struct {
				Config struct {
					URL string `json:"url"`
				} `json:"config"`
			} `json:"step_config"`
		} `json:"arguments"`
	}
	if !decode(w, r, &posted) {
		return
	}
	if posted.Name != "Input.api" {
		http.Error(w, "Plugin not found", http.StatusNotFound)
		return
	}
	response, err := http.Get(posted.Arguments.Step.Config.URL)
	if err != nil {
		http.Error(w, fmt.Sprintf("Plugin execution failed: %v", err), http.StatusInternalServerError)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, bodyLimit)) // what came so far is the answer
	writeJSON(w, http.StatusOK, map[string]any{"success": true, "result": string(body)})
}

// decode reads the body, or answers that it cannot.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(into); err != nil {
		http.Error(w, fmt.Sprintf("Invalid request body: %v", err), http.StatusBadRequest)
		return false
	}
	return true
}
