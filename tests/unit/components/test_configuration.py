"""From a stack file to settings: unknown keys, everything wrong in one error, overrides for one run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.configuration import after, at, fixable, load, problem, problems, refusal, settings
from tests.support.program import SECRET


@pytest.mark.parametrize(
    ("config", "key", "hint"),
    [
        ({"enviroment": {"port": 9000}}, "mimir:enviroment", "did you mean environment?"),
        ({"Runtime": "production"}, "mimir:Runtime", "did you mean runtime?"),
        (at("environment.prot", 9000), "mimir:environment.prot", "did you mean port?"),
        (at("environment.log_level", "INFO"), "mimir:environment.log_level", "did you mean logLevel?"),
        (at("environment.max_jobs", 5), "mimir:environment.max_jobs", "did you mean maxJobs?"),
        ({"live_reload": "true"}, "mimir:live_reload", "did you mean liveReload?"),
        (at("docker.network", "host"), "mimir:docker.network", "known here: bindAddress, host,"),
        (at("volumes.data.sizeGiB", 5), "mimir:volumes.data.sizeGiB", "did you mean sizeGib?"),
        (at("volumes.config", {}), "mimir:volumes.config", "known here: data, logs, plugins, protected"),
        (at("network.ingress", [{}, {"name": "edge"}]), "mimir:network.ingress[1].name", "did you mean namespace?"),
        (at("network.egress", [{"port": 5432}]), "mimir:network.egress[0].port", "did you mean ports?"),
        ({"zzz": "1"}, "mimir:zzz", "known here: autoscaling, contract, docker,"),
    ],
)
def test_unknown_keys_are_refused_with_what_was_meant(config: dict[str, Any], key: str, hint: str) -> None:
    found = problem(config)
    assert found.key == key
    assert found.found == "an unknown key"
    assert hint in found.allowed
    mended = after(found.fix, config)
    assert found.key not in {one.key for one in problems(mended)}


@pytest.mark.parametrize("section", ["source", "environment", "registry", "docker", "probe", "volumes", "volumes.data"])
@pytest.mark.parametrize("value", ["x", "true", "5", ["a"]])
def test_a_section_that_is_no_object_is_refused(section: str, value: Any) -> None:
    fixable(section, at(section, value))


def test_everything_that_is_wrong_is_in_one_error() -> None:
    config = {
        "runtime": "production",
        "platform": "kubernetes",
        "environment": {"port": 80, "logLevel": "loud", "colour": "blue"},
        "probe": {"intervalSeconds": 5, "timeoutSeconds": 10},
        "limits": {"cpus": 0},
        "shutdown": "soon",
        "source": {"location": "./nowhere"},
        "sorce": {},
    }
    error = refusal(config)
    assert {one.key.removeprefix("mimir:") for one in error.problems} == {
        "kubernetes.context",
        "environment.port",
        "environment.logLevel",
        "environment.colour",
        "probe.timeoutSeconds",
        "limits.cpus",
        "shutdown",
        "source.location",
        "sorce",
    }
    text = str(error)
    assert text.startswith("9 problems in stack 'test'; nothing was changed.")
    assert all(f"{number}. mimir:" in text for number in range(1, 10))


def test_a_problem_shows_key_found_allowed_and_fix() -> None:
    assert str(problem(at("environment.port", 80))).splitlines() == [
        "mimir:environment.port",
        "     found    80",
        "     allowed  1024 to 65535 (the process has no right to lower ports)",
        "     fix      pulumi config set --path 'mimir:environment.port' 8080",
    ]


def test_one_wrong_thing_in_a_list_is_one_problem() -> None:
    assert [one.key for one in refusal(at("image.platforms", ["linux/386"])).problems] == ["mimir:image.platforms"]


@pytest.mark.parametrize(("text", "value"), [("5", "5"), ("true", "true"), ("05", "05"), ("a b", "a b")])
def test_a_variable_may_be_set_to_anything_that_the_cli_stores(text: str, value: str) -> None:
    config = after(f"pulumi config set --path 'mimir:environment.variables.WORKERS' '{text}'", {})
    assert settings(config).environment.variables == {"WORKERS": value}


def test_numbers_and_switches_may_come_as_text() -> None:
    config = after("pulumi config set --path 'mimir:limits.cpus' 0.5", {"liveReload": "true"})
    assert settings(config).limits.cpus == 0.5
    assert settings(config).live_reload is True


def test_defaults_are_a_stack_of_their_own() -> None:
    loaded = load({})
    assert loaded.warnings == ()
    assert (loaded.settings.runtime, loaded.settings.platform) == ("development", "docker")


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings({}).environment.port = 1  # type: ignore[misc]


class TestOverrides:
    """MIMIR_OVERRIDES, by which `make up SOURCE=...` works."""

    def test_they_win_and_leave_the_rest_of_a_section_alone(self) -> None:
        config = {"environment": {"port": 9000, "logLevel": "WARN"}, "source": {"location": "/x", "commit": "a" * 40}}
        loaded = load(
            config, overrides={"environment": {"port": 9001}, "source": {"location": "./sample", "commit": None}}
        )
        assert loaded.settings.environment.port == 9001
        assert loaded.settings.environment.log_level == "WARN"
        assert (loaded.settings.source.location, loaded.settings.source.commit) == ("./sample", None)

    def test_the_run_says_what_it_overrode(self) -> None:
        loaded = load({}, overrides={"liveReload": True, "environment": {"port": 9001}})
        said = " ".join(loaded.warnings)
        assert all(name in said for name in ("MIMIR_OVERRIDES", "mimir:liveReload", "mimir:environment.port"))

    def test_they_are_validated_like_the_stack_file(self) -> None:
        assert problem({}, overrides={"environment": {"port": 80}}).key == "mimir:environment.port"
        assert problem({}, overrides={"envronment": {}}).key == "mimir:envronment"
        assert problem({}, overrides={"live_reload": True}).key == "mimir:live_reload"

    @pytest.mark.parametrize("text", ["{", "[]", "5", '"x"', "null", "port=9000"])
    def test_anything_but_an_object_is_refused(self, text: str) -> None:
        found = problem({}, overrides=text)
        assert found.key == "MIMIR_OVERRIDES"
        assert found.fix == "unset MIMIR_OVERRIDES"

    def test_a_bad_text_does_not_hide_what_else_is_wrong(self) -> None:
        keys = {one.key for one in refusal(at("environment.port", 80), overrides="{").problems}
        assert keys == {"MIMIR_OVERRIDES", "mimir:environment.port"}

    @pytest.mark.parametrize("section", ["x", 5, None, ["a"]])
    def test_a_section_of_the_wrong_type_is_refused(self, section: Any) -> None:
        values = at("environment.jwtSecret", SECRET)
        assert "mimir:environment" in {one.key for one in refusal(values, overrides={"environment": section}).problems}


def test_a_structured_value_that_is_no_json_is_refused_and_named() -> None:
    assert problem({"limits": "{cpus: 2"}).key == "mimir:limits"


def test_keys_of_other_projects_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.configuration.as_pulumi_hands_it", lambda _: {"docker:host": "unix:///x"})
    assert settings({}).docker.host is None


def test_the_environment_of_a_real_run_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language host may hand the configuration over in an environment variable."""
    from components import configuration

    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"mimir:environment": '{"port": 9000}'}))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["mimir:environment"]))
    values, secret = configuration._own(configuration._of_this_run("mimir"))
    assert values["environment"] == {"port": 9000}
    assert "environment" in secret
