"""What holds for every stack on an engine: hardening, limits, volumes, digests, outputs."""

from __future__ import annotations

import re

import pytest

from tests.support import program, property_wire
from tests.support.monitor import DIGEST, IMAGE_ID, SUFFIX
from tests.support.program import Run
from tests.support.project import PROJECT
from tests.support.property_wire import Secret

BY_DIGEST = f"127.0.0.1:5000/mimir@{DIGEST}"
DRAIN_AND_MARGIN_SECONDS = 35


def deployment(run: Run) -> str:
    """The deployment's name."""
    return str(run.one("Network", "mimir-network")["name"])


def test_every_committed_stack_is_tested() -> None:
    assert {path.name for path in PROJECT.glob("Pulumi.*.yaml")} == {
        f"Pulumi.{name}.yaml" for name in ("dev", "staging", "prod")
    }


def test_the_container_has_no_right_that_it_does_not_need(on_engine: Run) -> None:
    service = on_engine.service
    assert service["readOnly"] is True
    assert service["user"] == "65532:65532"
    assert service["capabilities"] == {"drops": ["ALL"]}
    assert service["securityOpts"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    [network] = service["networksAdvanced"]
    assert network == {"name": f"{deployment(on_engine)}-internal", "aliases": ["application"]}
    assert not service.get("networkMode")


def test_only_tmp_is_writable_beside_the_volumes(on_engine: Run) -> None:
    tmpfs = on_engine.service["tmpfs"]
    assert list(tmpfs) == ["/tmp"]
    options = tmpfs["/tmp"].split(",")
    assert {"noexec", "nosuid", "nodev", "size=64m"} <= set(options)


def test_the_container_cannot_take_the_machine_with_it(on_engine: Run) -> None:
    service = on_engine.service
    assert service["memory"] == 256
    assert service["memorySwap"] == service["memory"], "without it, as much swap again"
    assert on_engine.cpus == 1
    assert service["logDriver"] == "json-file"
    assert service["logOpts"] == {"max-size": "10m", "max-file": "5"}


def test_it_comes_back_and_ends_in_peace(on_engine: Run) -> None:
    service = on_engine.service
    assert service["restart"] == "always", "with unless-stopped it stays down when the engine was killed"
    assert service["stopSignal"] == "SIGTERM"
    assert service["stopTimeout"] >= DRAIN_AND_MARGIN_SECONDS
    assert service["destroyGraceSeconds"] >= DRAIN_AND_MARGIN_SECONDS, "the provider kills at once without it"
    timeouts = on_engine.in_role("service").options.customTimeouts
    assert int(timeouts.delete.removesuffix("s")) > service["destroyGraceSeconds"], "or Pulumi gives up first"


def test_it_is_waited_for_until_it_is_healthy(on_engine: Run) -> None:
    service, options = on_engine.service, on_engine.in_role("service").options
    check = service["healthcheck"]
    assert service["wait"] is True
    assert (check["interval"], check["timeout"], check["retries"]) == ("30s", "5s", 3)
    assert check["tests"][:3] == ["CMD", "/probe", "http"], "no shell: the image has none"
    assert service["waitTimeout"] >= 15 + 3 * (30 + 5), "start period, then every retry"
    assert int(options.customTimeouts.create.removesuffix("s")) > service["waitTimeout"]
    assert list(options.hooks.on_error) == ["mimir-start-failure"]


def test_volumes_are_mounted_where_the_plan_says(on_engine: Run) -> None:
    name = deployment(on_engine)
    config = on_engine.one("Volume", "mimir-config")["name"]
    assert {(mount["target"], mount["source"], mount["readOnly"]) for mount in on_engine.service["mounts"]} == {
        ("/app/data", f"{name}-data", False),
        ("/app/logs", f"{name}-logs", False),
        ("/app/plugins", f"{name}-plugins", False),
        ("/app/config", config, True),
        ("/etc/mimir", config, True),
    }
    assert {mount["type"] for mount in on_engine.service["mounts"]} == {"volume"}
    assert on_engine.service["workingDir"] == "/app/data", "where the application writes its pipelines"


@pytest.mark.parametrize("volume", ["data", "logs", "plugins"])
def test_data_survives_a_destroy(on_engine: Run, volume: str) -> None:
    options = on_engine.resource("Volume", f"mimir-volumes-{volume}").options
    assert options.protect is True
    assert options.retainOnDelete is True


def test_the_configuration_is_named_after_its_content_and_carried_before_the_start(on_engine: Run) -> None:
    volume, carrier = (
        on_engine.resource("Volume", "mimir-config"),
        on_engine.resource("Container", "mimir-config-carrier"),
    )
    content = carrier.inputs["uploads"][0]["content"]
    digest = content.split("config_digest: sha256-")[1].split()[0]
    assert volume.inputs["name"] == f"{deployment(on_engine)}-config-{digest}"
    assert carrier.inputs["mounts"] == [{"type": "volume", "source": volume.inputs["name"], "target": "/etc/mimir"}]
    assert (carrier.inputs["start"], carrier.inputs["mustRun"], carrier.inputs["networkMode"]) == (False, False, "none")
    assert {upload["permissions"] for upload in carrier.inputs["uploads"]} == {"0444"}
    assert "mimir-config-carrier" in on_engine.in_role("service").waits_for
    assert volume.options.retainOnDelete, "or the settings before a failed update could not be deployed again"
    assert on_engine.kept == [volume.inputs["name"]], "what was before goes at the end"


def test_the_file_is_mounted_under_the_name_that_the_application_looks_for(on_engine: Run) -> None:
    files = {upload["file"] for upload in on_engine.one("Container", "mimir-config-carrier")["uploads"]}
    runtime = "production" if deployment(on_engine) == "mimir-single" else "development"
    assert files == {"/etc/mimir/config.yaml", f"/etc/mimir/{runtime}.yaml"}


def test_everything_downstream_uses_the_digest_and_never_a_tag(on_engine: Run) -> None:
    assert on_engine.one("RemoteImage", "mimir-image")["name"] == BY_DIGEST
    images = {one.name: one.inputs["image"] for one in on_engine.resources if one.kind == "Container"}
    assert images.pop("mimir-edge") == f"haproxy@{IMAGE_ID}", "what was pulled, whatever its tag names by then"
    assert [*images.values()] == [BY_DIGEST] * 3
    assert on_engine.outputs["image"] == BY_DIGEST
    assert on_engine.outputs["digest"] == DIGEST
    tag = on_engine.one("Image")["tags"][0]
    assert all(tag not in property_wire.in_the_clear(one.inputs) for one in on_engine.resources if one.kind != "Image")


def test_one_index_for_both_platforms_is_built_on_preview_and_pushed_on_update_only(on_engine: Run) -> None:
    image = on_engine.one("Image")
    assert image["platforms"] == ["linux/amd64", "linux/arm64"]
    assert image["buildOnPreview"] is True
    assert image["push"] is False, "push=True skips the build at preview"
    assert image["exports"] == [{"raw": "type=registry,oci-mediatypes=true,rewrite-timestamp=true"}]
    assert image["dockerfile"]["location"] == "container/Dockerfile"
    assert re.fullmatch(r"\.build/context/[0-9a-f]{16}", image["context"]["location"]), "another path is another build"
    assert on_engine.resource("Image").options.retainOnDelete is True, "another stack may run the same digest"


def test_everything_on_the_engine_is_made_by_the_stacks_own_provider_and_labelled(on_engine: Run) -> None:
    made = [one for one in on_engine.resources if one.options.type.startswith("docker:index/")]
    assert len(made) == 13
    assert all("::engine::" in one.options.provider for one in made), "not the default provider"
    label = {"label": "io.mimir.deployment", "value": deployment(on_engine)}
    assert all(one.inputs["labels"][0] == label for one in made if one.kind != "RemoteImage")
    roles = {one.name: [each["value"] for each in one.inputs["labels"][1:]] for one in made if one.kind == "Container"}
    assert roles == {
        "mimir-config-carrier": [],
        "mimir-edge-carrier": [],
        "mimir-edge": ["edge"],
        deployment(on_engine): ["service"],
    }


def test_nothing_that_serves_is_deleted_before_its_successor_does(on_engine: Run) -> None:
    """The provider would, for each name that is given; and with a volume or a carrier goes who uses it."""
    named = [one for one in on_engine.resources if one.options.type.startswith("docker:") and "name" in one.inputs]
    before = {one.name for one in named if one.options.deleteBeforeReplace}
    assert before == {"mimir-edge"}, "its port is taken; but it stays, whatever becomes of the application"
    told = {one.name for one in named if one.options.deleteBeforeReplaceDefined}
    assert told == {"mimir-config", "mimir-config-carrier", "mimir-edge-carrier", "mimir-edge"}
    service = on_engine.in_role("service")
    assert "name" not in service.inputs, "two cannot have the same"
    assert service.options.deleteBeforeReplaceDefined and not service.options.deleteBeforeReplace
    assert service.name == deployment(on_engine), "what Pulumi makes names from"


def test_a_new_version_is_tried_before_it_is_the_stacks(on_engine: Run) -> None:
    assert list(on_engine.in_role("service").options.hooks.before_create) == [
        "mimir-volumes",
        "mimir-trial",
        "mimir-networks",
    ]


def test_outputs_say_how_to_use_the_deployment(on_engine: Run) -> None:
    name, outputs = f"{deployment(on_engine)}-{SUFFIX}", on_engine.outputs
    assert outputs["platforms"] == ["linux/amd64", "linux/arm64"]
    assert outputs["container"] == name
    assert outputs["logs"] == f"docker logs --follow {name}"
    assert outputs["edge"] == on_engine.edge["name"] == f"{deployment(on_engine)}-edge"
    assert outputs["access_log"] == f"docker logs --follow {outputs['edge']}"
    mounted = {mount["source"] for mount in on_engine.service["mounts"]}
    assert set(outputs["volumes"].values()) == mounted
    assert not [key for key, value in outputs.items() if isinstance(value, Secret)]


def test_the_url_is_the_edges(dev: Run, single: Run) -> None:
    assert dev.outputs["url"] == "http://127.0.0.1:8080"
    assert dev.outputs["health"] == "curl -fsS http://127.0.0.1:8080/health"
    assert single.outputs["url"] == "https://127.0.0.1:8080"
    assert single.outputs["health"] == "curl -fsS --insecure https://127.0.0.1:8080/health", "nobody vouches for it"


def test_the_deployment_proves_itself_on_every_update(on_engine: Run) -> None:
    name = deployment(on_engine)
    assert on_engine.proved == [f"{name}-id"]
    assert on_engine.kept_images == [BY_DIGEST]
    [(edge, digest, serving)] = on_engine.switched
    assert (edge, serving) == ("mimir-edge-id", f"{name}-id"), "by its id: somebody may change its name"
    assert f"string {digest} if" in on_engine.edge_files["haproxy.cfg"], "or it would wait for another answer"


def test_a_preview_proves_nothing_and_knows_no_digest_yet() -> None:
    run = program.run(program.stack_config("dev"), preview=True)
    assert run.proved == []
    assert run.switched == []
    assert run.one("RemoteImage", "mimir-image")["name"] == property_wire.UNKNOWN
    assert [one.inputs["image"] for one in run.resources if one.kind == "Container"] == [property_wire.UNKNOWN] * 4
