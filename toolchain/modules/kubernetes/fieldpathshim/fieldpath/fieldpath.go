// Package fieldpath gives the names of version 4, which the plugin's source uses, to the types of version 6, which the
// Kubernetes libraries return since v0.34.
package fieldpath

import "sigs.k8s.io/structured-merge-diff/v6/fieldpath"

// Set is a set of paths of fields.
type Set = fieldpath.Set

// Path is the path of one field.
type Path = fieldpath.Path

// MakePath makes a path of names, keys, values and indices.
var MakePath = fieldpath.MakePath
