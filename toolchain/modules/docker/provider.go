// Package shim describes, to Pulumi's Terraform bridge, the Terraform provider for Docker.
//
// THIS IS A STAND-IN for the docker resource plugin that its makers publish. It is for machines that can reach a
// Go module registry but not the makers' download site. It wraps the Terraform provider that the published plugin
// wraps, at a commit of the weeks around that release, and gives the bridge the same description: token names,
// field names, defaults and automatic names. What it has not got is `docker.Image`, which is not part of the
// Terraform provider (images are built by the docker-build plugin).
//
// The module's name is the Terraform provider's own, one level down: Go lets a package be imported from an
// `internal` folder only by a module that carries its parent's name.
package shim

import (
	"context"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// Notice says what this binary is; it is printed by --version and written to the plugin's log.
const Notice = "STAND-IN built from the Terraform provider for Docker; not the makers' release"

const (
	name            = "docker"
	module          = "index"
	longestAutoName = 255
	defaultHost     = "unix:///var/run/docker.sock"
)

// Info describes the provider at a version (without a leading "v").
func Info(version string) tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            shimv2.NewProvider(provider.New(version)()),
		Name:         name,
		Version:      version,
		Description:  Notice,
		GitHubOrg:    "kreuzwerker",
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config:       config(),
		Resources:    resources(),
		DataSources:  dataSources(),
	}
	// Everything that is not named below gets the bridge's standard token.
	info.MustComputeTokens(tokens.SingleModule("docker_", module, tokens.MakeStandard(name)))
	info.MustApplyAutoAliases()
	info.SetAutonaming(longestAutoName, "-")
	return info
}

func config() map[string]*tfbridge.SchemaInfo {
	return map[string]*tfbridge.SchemaInfo{
		"host": {Default: &tfbridge.DefaultInfo{
			EnvVars: []string{"DOCKER_HOST"},
			ComputeDefault: func(context.Context, tfbridge.ComputeDefaultOptions) (any, error) {
				return defaultHost, nil
			},
		}},
		"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
	}
}

// resources names what the bridge would otherwise name differently: lists that are one thing (a command), a block
// that is not pluralised, and resources whose Terraform name is not their Pulumi name.
func resources() map[string]*tfbridge.ResourceInfo {
	return map[string]*tfbridge.ResourceInfo{
		"docker_container": {
			Tok: tfbridge.MakeResource(name, module, "Container"),
			// Two containers cannot hold one published port or one name.
			DeleteBeforeReplace: true,
			Fields: map[string]*tfbridge.SchemaInfo{
				"command":           {Name: "command"},
				"networks_advanced": {Name: "networksAdvanced"},
			},
		},
		"docker_image": {
			Tok: tfbridge.MakeResource(name, module, "RemoteImage"),
			// A reference to an image cannot be made up: no automatic name.
			Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
		},
		"docker_config": {Tok: tfbridge.MakeResource(name, module, "ServiceConfig")},
	}
}

func dataSources() map[string]*tfbridge.DataSourceInfo {
	return map[string]*tfbridge.DataSourceInfo{
		"docker_image": {Tok: tfbridge.MakeDataSource(name, module, "getRemoteImage")},
	}
}
