package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// stateDir is the one folder that the service writes to, under its working directory: the state that must survive.
const stateDir = "pipelines"

var notesFile = filepath.Join(stateDir, "notes.jsonl")

// notes keeps what clients post, one JSON document a line, so that tests can see whether data survives a deployment.
type notes struct {
	mutex sync.Mutex
}

type note struct {
	Text string `json:"text"`
}

// add stores one note and answers 201 only when it is on the disk.
func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	var posted note
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&posted); err != nil || posted.Text == "" {
		http.Error(w, `Invalid request body: expected {"text": "..."}`, http.StatusBadRequest)
		return
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if err := posted.append(); err != nil {
		http.Error(w, fmt.Sprintf("Failed to store the note: %v", err), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusCreated, posted)
}

// list answers {"notes": [...]}, oldest first.
func (n *notes) list(w http.ResponseWriter, _ *http.Request) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	stored, err := readNotes()
	if err != nil {
		http.Error(w, fmt.Sprintf("Failed to read the notes: %v", err), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string][]note{"notes": stored})
}

func (n note) append() (err error) {
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(notesFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return errors.Join(json.NewEncoder(file).Encode(n), file.Sync())
}

func readNotes() ([]note, error) {
	stored := []note{}
	file, err := os.Open(notesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return stored, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, bodyLimit*2)
	for lines.Scan() {
		var one note
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, err
		}
		stored = append(stored, one)
	}
	return stored, lines.Err()
}
