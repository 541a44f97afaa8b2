// Package v2 stands in for a file of Pulumi's Go SDK for Kubernetes, yaml/v2/kinds.go, while the plugin is built.
//
// The original has a case for each of 157 kinds, which differ in the Go type of the result alone, and so the compiler has to
// read the whole SDK: three fifths of the plugin's build. The plugin registers resources with it that somebody describes as
// YAML or as a chart, and never reads the result. One type does for all of them.
package v2

import (
	"strings"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apiextensions"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// IsListKind says whether a kind of Kubernetes itself is a list of objects of another kind.
func IsListKind(apiVersion, kind string) bool {
	group, _, isNamed := strings.Cut(apiVersion, "/")
	own := !isNamed || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
	return own && strings.HasSuffix(kind, "List")
}

// RegisterResource registers an object of any kind.
func RegisterResource(ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input,
	opts ...pulumi.ResourceOption) (pulumi.CustomResource, error) {
	if apiVersion == "v1" {
		apiVersion = "core/v1" // as Pulumi calls the group without a name
	}
	var resource apiextensions.CustomResource
	if err := ctx.RegisterResource("kubernetes:"+apiVersion+":"+kind, name, props, &resource, opts...); err != nil {
		return nil, err
	}
	return &resource, nil
}
