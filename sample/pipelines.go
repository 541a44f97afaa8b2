package main

import (
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"sync"
)

// pipelines keeps definitions in memory, as long as the process lives. None is ever run.
type pipelines struct {
	mutex  sync.Mutex
	stored []pipeline
}

type pipeline struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// add stores one pipeline and answers 201.
func (p *pipelines) add(w http.ResponseWriter, r *http.Request) {
	var posted pipeline
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&posted); err != nil || posted.Name == "" {
		http.Error(w, `Invalid request body: expected {"name": "..."}`, http.StatusBadRequest)
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	posted.ID = strconv.Itoa(len(p.stored) + 1)
	p.stored = append(p.stored, posted)
	writeJSON(w, http.StatusCreated, posted)
}

// list answers with every pipeline, oldest first.
func (p *pipelines) list(w http.ResponseWriter, _ *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	writeJSON(w, http.StatusOK, append([]pipeline{}, p.stored...))
}

func (p *pipelines) get(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, one := range p.stored {
		if one.ID == path.Base(r.URL.Path) {
			writeJSON(w, http.StatusOK, one)
			return
		}
	}
	http.Error(w, "Pipeline not found", http.StatusNotFound)
}
